import { randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { migrate } from '../src/database/index.js';
import { startServer } from '../src/server.js';
import { TestDatabases } from './harness/databases.js';
import { post } from './harness/http.js';

const quietly = () => undefined;

describe('migrate', () => {
  it('may be run by several processes at once, and again', async () => {
    await using databases = await TestDatabases.create();
    const { database } = databases.config();
    const entries = await readdir('prisma/migrations', { withFileTypes: true });
    const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    folders.sort();
    await Promise.all(Array.from({ length: 4 }, () => migrate(database, quietly)));
    await migrate(database, quietly);
    for (const shard of [0, 1]) {
      const rows = await databases.onPrimary(
        shard,
        `SELECT migration_name AS name FROM _prisma_migrations
          WHERE applied_steps_count = 1 AND finished_at IS NOT NULL AND rolled_back_at IS NULL
          ORDER BY migration_name`,
      );
      expect(rows).toEqual(folders.map((name) => ({ name })));
      expect(await databases.onPrimary(shard, 'SELECT * FROM shard_ownership')).toMatchObject([
        { buckets: shard === 0 ? '0-2047' : '2048-4095', settled_at: expect.any(Date) },
      ]);
    }
  });

  it.each([
    ['ahead', `'20990101000000_future', now()`, 'is ahead of this version'],
    ['half-migrated', `'20261123000000_messages_more', NULL`, 'is half-migrated'],
  ])('refuses a database that is %s', async (_, row, reason) => {
    await using databases = await TestDatabases.create();
    const { database } = databases.config();
    await migrate(database, quietly);
    await databases.onPrimary(
      1,
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at)
       VALUES ('${randomUUID()}', 'x', ${row})`,
    );
    await expect(migrate(database, quietly)).rejects.toThrow(`Shard s1: ${reason}`);
  });

  it('refuses a database that was migrated by another text', async () => {
    await using databases = await TestDatabases.create();
    const { database } = databases.config();
    await migrate(database, quietly);
    await databases.onPrimary(0, `UPDATE _prisma_migrations SET checksum = 'x'`);
    await expect(migrate(database, quietly)).rejects.toThrow('was migrated by another text');
  });
});

describe('a start of the service', () => {
  it('is refused on databases that were not migrated', async () => {
    await using databases = await TestDatabases.create();
    await expect(startServer(databases.config())).rejects.toThrow('Run npm run migrate');
  });

  it('is refused when a shard was added without moving data', async () => {
    await using databases = await TestDatabases.create();
    const primaryUrl = databases.primaryUrl(0);
    const whole = { SHARDS: 's0:0-4095', SHARD_S0_PRIMARY_URL: primaryUrl };
    await migrate(databases.config(whole).database, quietly);
    await expect(migrate(databases.config().database, quietly)).rejects.toThrow(
      'Shard s0: its database owns buckets 0-4095, but the configuration gives it 0-2047',
    );
    await expect(startServer(databases.config())).rejects.toThrow('owns buckets 0-4095');
    // The shard that was refused claimed nothing: the old configuration goes on.
    await migrate(databases.config(whole).database, quietly);
  });

  it('is refused when two shards have changed places', async () => {
    await using databases = await TestDatabases.create();
    await migrate(databases.config().database, quietly);
    const swapped = databases.config({
      SHARD_S0_PRIMARY_URL: databases.primaryUrl(1),
      SHARD_S1_PRIMARY_URL: databases.primaryUrl(0),
    });
    await expect(startServer(swapped)).rejects.toThrow('owns buckets');
  });

  it('is refused when an empty database stands in the place of a full one', async () => {
    await using databases = await TestDatabases.create();
    await using others = await TestDatabases.create();
    await migrate(databases.config().database, quietly);
    const lost = databases.config({ SHARD_S1_PRIMARY_URL: others.primaryUrl(1) });
    await expect(migrate(lost.database, quietly)).rejects.toThrow(
      'Shard s1: its database owns no buckets',
    );
  });

  it('is refused when two shards are one database', async () => {
    await using databases = await TestDatabases.create();
    const twice = databases.config({ SHARD_S1_PRIMARY_URL: databases.primaryUrl(0) });
    await expect(migrate(twice.database, quietly)).rejects.toThrow('Shard s1: its database owns');
  });

  it('goes on with a first claim that was interrupted', async () => {
    await using databases = await TestDatabases.create();
    const { database } = databases.config();
    await migrate(database, quietly);
    await databases.onPrimary(0, 'UPDATE shard_ownership SET settled_at = NULL');
    await databases.onPrimary(1, 'DELETE FROM shard_ownership');
    await expect(startServer(databases.config())).rejects.toThrow('was interrupted');
    await migrate(database, quietly);
    const app = await startServer(databases.config());
    await app.close();
  });
});

describe('a database that is gone', () => {
  it('is answered by 503 with Retry-After, and no word on the cause', async () => {
    await using databases = await TestDatabases.create();
    const config = databases.config();
    await migrate(config.database, quietly);
    const app = await startServer(config);
    try {
      const { url } = app;
      expect((await post(url, { message: 'x', tag: 'a' })).status).toBe(201);
      await databases[Symbol.asyncDispose]();
      const answer = await post(url, { message: 'x', tag: 'a' });
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toBe('1');
      expect(JSON.stringify(answer.body)).not.toContain(databases.name);
    } finally {
      await app.close();
    }
  });
});
