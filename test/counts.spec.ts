import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { migrate, rebuildCounts, verifyCounts } from '../src/database/index.js';
import { bucketOfTag } from '../src/messages/bucket.js';
import { MessageIdGenerator } from '../src/messages/message-id.js';
import { runCommand } from './harness/command.js';
import { TestDatabases } from './harness/databases.js';

const CONNECTIONS = 12;
const STATEMENTS = 30;
const ROWS = 20;
/** All of shard s0. */
const HOT_TAGS = tagsOfFirstShard(6);
const TODAY = new Date().toISOString().slice(0, 10);

let databases: TestDatabases;
const ids = new MessageIdGenerator();
const ignore = () => undefined;

beforeAll(async () => {
  databases = await TestDatabases.create();
  await migrate(databases.config().database, ignore);
});

afterAll(async () => {
  await databases[Symbol.asyncDispose]();
});

function tagsOfFirstShard(count: number): string[] {
  return Array.from({ length: 100 }, (_, n) => `hot${n}`)
    .filter((tag) => bucketOfTag(tag) < 2_048)
    .slice(0, count);
}

async function connected(): Promise<Client & AsyncDisposable> {
  const client = new Client({ connectionString: databases.primaryUrl(0), query_timeout: 30_000 });
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}

const INSERT = `INSERT INTO messages (id, tag, message)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[]) ON CONFLICT (id) DO NOTHING`;

function rows(tags: readonly string[]): [string[], readonly string[], string[]] {
  return [
    tags.map((tag) => ids.next(bucketOfTag(tag))),
    tags,
    tags.map((_, index) => `message ${index}`),
  ];
}

const differences = () => verifyCounts(databases.config().database, ignore);

async function counted(): Promise<number> {
  const sql = 'SELECT coalesce(sum(count), 0)::int AS n FROM message_counts';
  return (await databases.onPrimary<{ n: number }>(0, sql))[0]?.n ?? 0;
}

describe('counts', () => {
  it('are exact after many inserts at once on hot tags, of which none waits for another', async () => {
    const before = await counted();
    const work = async (connection: number) => {
      await using client = await connected();
      for (let statement = 0; statement < STATEMENTS; statement++) {
        // Each connection has the tags in an order of its own.
        const tags = Array.from(
          { length: ROWS },
          (_, row) => HOT_TAGS[(row * (connection + 1) + statement) % HOT_TAGS.length] as string,
        );
        const transaction = statement % 3 === 0;
        if (transaction) await client.query('BEGIN');
        await client.query(INSERT, rows(tags));
        if (transaction) await client.query(INSERT, rows(tags.toReversed()));
        if (transaction) await client.query(statement % 2 === 0 ? 'COMMIT' : 'ROLLBACK');
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, (_, connection) => work(connection)));
    // Of every six statements, four are alone, one is committed as two, one is rolled back.
    const committed = CONNECTIONS * ROWS * ((STATEMENTS / 6) * (4 + 2));
    expect((await counted()) - before).toBe(committed);
    expect(await differences()).toEqual([]);
    const [deadlocks] = await databases.onPrimary<{ deadlocks: string }>(
      0,
      'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()',
    );
    expect(deadlocks?.deadlocks).toBe('0');
  });

  it('wait for nobody: a transaction that is open holds up no other on its tag', async () => {
    await using first = await connected();
    await using second = await connected();
    await second.query("SET lock_timeout = '1ms'");
    await first.query('BEGIN');
    await first.query(INSERT, rows(HOT_TAGS));
    await second.query(INSERT, rows(HOT_TAGS.toReversed()));
    await first.query(INSERT, rows(HOT_TAGS.toReversed()));
    await first.query('COMMIT');
    expect(await differences()).toEqual([]);
  });

  it('hold after a savepoint is rolled back', async () => {
    await using client = await connected();
    await using other = await connected();
    await client.query('BEGIN');
    await client.query('SAVEPOINT before');
    await client.query(INSERT, rows(HOT_TAGS));
    await client.query('ROLLBACK TO before');
    await other.query(INSERT, rows(HOT_TAGS));
    await client.query(INSERT, rows(HOT_TAGS));
    await client.query('COMMIT');
    expect(await differences()).toEqual([]);
  });

  it('leave out what was there already', async () => {
    await using client = await connected();
    const same = rows(HOT_TAGS);
    await client.query(INSERT, same);
    const before = await counted();
    await client.query(INSERT, same);
    expect(await counted()).toBe(before);
  });

  it('follow plain SQL: rows one by one, deletes, a truncate', async () => {
    await using client = await connected();
    const before = await counted();
    const tag = HOT_TAGS[0] as string;
    const one = 'INSERT INTO messages (id, tag, message) VALUES ($1, $2, $3)';
    const id = ids.next(bucketOfTag(tag));
    await client.query(one, [id, tag, 'plain']);
    expect(await counted()).toBe(before + 1);
    await client.query('DELETE FROM messages WHERE id = $1', [id]);
    expect(await counted()).toBe(before);
    expect(await differences()).toEqual([]);
    await client.query('TRUNCATE messages');
    expect(await counted()).toBe(0);
    expect(await differences()).toEqual([]);
  });

  it('cannot be made wrong by a message that is moved', async () => {
    await using client = await connected();
    const change = client.query(`UPDATE messages SET tag = 'other'`);
    await expect(change).rejects.toThrow('never change');
  });
});

const run = (...args: string[]) =>
  runCommand('counts', args, { cwd: process.cwd(), env: databases.env() });

describe('npm run counts', () => {
  it('tells by how much counts are wrong, and mends them while writers go on', async () => {
    await using client = await connected();
    const tag = HOT_TAGS[0] as string;
    await client.query('SET session_replication_role = replica');
    await client.query(INSERT, rows([tag, tag]));
    await client.query(`INSERT INTO tag_counts VALUES ('gone', '2020-02-01', 3, 5, '{}')`);
    await client.query('SET session_replication_role = origin');
    const verified = await run('--verify');
    expect(verified.code).toBe(1);
    expect(verified.stdout).toContain(`shard s0, day, ${TODAY}: 0 counted, 2 there`);
    expect(verified.stdout).toContain(`shard s0, tag and month, 2020-02-01, "gone": 5 counted, 0`);
    expect(verified.stdout).toContain('4 counts are wrong');

    const written = new AbortController();
    const writer = async () => {
      await using connection = await connected();
      while (!written.signal.aborted) await connection.query(INSERT, rows(HOT_TAGS));
    };
    const writers = [writer(), writer(), writer()];
    const rebuilt = await run('--rebuild');
    expect(rebuilt).toMatchObject({ code: 0, stdout: '4 counts were wrong, none is now\n' });
    expect(await rebuildCounts(databases.config().database, ignore)).toBe(0);
    written.abort();
    await Promise.all(writers);
    const [messages] = await databases.onPrimary<{ n: number }>(
      0,
      'SELECT count(*)::int AS n FROM messages',
    );
    expect(await counted()).toBe(messages?.n);
    expect(await run('--verify')).toMatchObject({ code: 0, stdout: '0 counts are wrong\n' });
  });

  it.each([[[]], [['--verify', '--rebuild']], [['--fix']]])(
    'refuses %j with its usage',
    async (args) => {
      const { code, stderr } = await run(...args);
      expect(code).toBe(2);
      expect(stderr).not.toBe('');
    },
  );
});

describe('the migration that brings counts', () => {
  it('counts the messages that are there', async () => {
    await using existing = await TestDatabases.create();
    const { database } = existing.config();
    await migrate(database, ignore);
    const client = new Client({ connectionString: existing.primaryUrl(0) });
    await client.connect();
    try {
      await client.query('SET session_replication_role = replica');
      await client.query(INSERT, rows([...HOT_TAGS, ...HOT_TAGS]));
      await client.query(
        `DELETE FROM _prisma_migrations WHERE migration_name LIKE '%count_existing%'`,
      );
    } finally {
      await client.end();
    }
    await migrate(database, ignore);
    expect(await verifyCounts(database, ignore)).toEqual([]);
    const sum = 'SELECT sum(count)::int AS n FROM message_counts';
    expect(await existing.onPrimary(0, sum)).toEqual([{ n: 2 * HOT_TAGS.length }]);
  });
});
