import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runCommand } from './harness/command.js';
import { get } from './harness/http.js';
import { startService, type TestService } from './harness/service.js';

const SAMPLE = '../shared/data/messages.csv';

let service: TestService;
let directory: string;

beforeAll(async () => {
  service = await startService();
  directory = await mkdtemp(join(tmpdir(), 'messages-import-'));
});

afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

const run = (name: string, ...args: string[]) =>
  runCommand(name, args, { cwd: directory, env: service.databases.env() });

async function file(name: string, text: string): Promise<string> {
  await writeFile(join(directory, name), text);
  return name;
}

async function count(where: string): Promise<number> {
  const sql = `SELECT count(*)::int AS n FROM messages WHERE ${where}`;
  const rows = await Promise.all(
    [0, 1].map((shard) => service.databases.onPrimary<{ n: number }>(shard, sql)),
  );
  return rows.flat().reduce((sum, { n }) => sum + n, 0);
}

const during = (from: string, to: string) =>
  `tag NOT IN ('import', 'mixed')
   AND uuid_extract_timestamp(id) >= '${from}Z' AND uuid_extract_timestamp(id) < '${to}Z'`;

describe('npm run import', () => {
  it('keeps the given times, and lands no row twice when it is run again', async () => {
    const name = await file(
      'a.csv',
      '"He said ""hi"", twice\t",Import,2024-02-29T23:59:59.999+01:00\n' +
        '"He said ""hi"", twice",Import,2024-02-29T23:59:59.999+01:00\r\n' +
        'plain,import,2020-01-01T00:00:00Z\n',
    );
    const first = await run('import', name);
    expect(first.code).toBe(0);
    expect(JSON.parse(first.stdout)).toMatchObject({ rows: 3, inserted: 2, rejected: 1 });
    const again = await run('import', name);
    expect(JSON.parse(again.stdout)).toMatchObject({ inserted: 0, already_there: 2 });
    expect((await get(service.url, '/messages?tag=IMPORT')).body).toMatchObject([
      { message: 'He said "hi", twice', created_at: '2024-02-29T22:59:59.999Z' },
      { message: 'plain', created_at: '2020-01-01T00:00:00.000Z' },
    ]);
  });

  it('reports rejected rows with line and reason in a file, without stopping', async () => {
    const name = await file(
      'b.ndjson',
      [
        '{"message":"good","tag":"mixed","created_at":"2024-01-01T00:00:00Z"}',
        '{"message":"","tag":"mixed","created_at":"2024-01-01T00:00:00Z"}',
        '{"message":"bad day","tag":"mixed","created_at":"2023-02-29T00:00:00Z"}',
        'no json',
        '{"message":"good too","tag":"mixed","created_at":"2024-01-01T00:00:01Z"}',
      ].join('\n'),
    );
    const result = await run('import', name);
    expect(JSON.parse(result.stdout)).toMatchObject({ rows: 5, inserted: 2, rejected: 3 });
    const rejects = await readFile(join(directory, 'b.ndjson.rejected.ndjson'), 'utf8');
    const rows = rejects
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { line: number; reason: string });
    expect(rows.map(({ line }) => line)).toEqual([2, 3, 4]);
    expect(rows[0]?.reason).toContain('message');
    expect(rows[1]?.reason).toContain('created_at');
  });

  it('has the sample data right to the month, where it is at hand', async () => {
    // The sample is not part of the repository: without it, a file that is made here stands in.
    const made = Array.from(
      { length: 2_000 },
      (_, n) =>
        `m${n},t${n % 423},${n < 770 ? 2024 : 2025}-${n < 94 || n >= 770 ? 12 : 11}-01T00:00:00Z`,
    );
    const sample = existsSync(SAMPLE) ? await readFile(SAMPLE, 'utf8') : `${made.join('\n')}\n`;
    const before = await count('true');
    const result = await run('import', await file('sample.csv', sample));
    expect(JSON.parse(result.stdout)).toMatchObject({ rows: 2_000, rejected: 0 });
    expect((await count('true')) - before).toBe(2_000);
    expect(await count(during('2024-01-01 00:00', '2025-01-01 00:00'))).toBe(770);
    expect(await count(during('2024-12-01 00:00', '2025-01-01 00:00'))).toBe(94);
  });
});

describe('npm run seed', () => {
  it('stores what it was asked for, and nothing more when it is run again', async () => {
    const before = await count('true');
    const args = ['--messages', '3000', '--tags', '50'];
    const first = await run('seed', ...args);
    expect(first.code).toBe(0);
    expect((await count('true')) - before).toBe(3_000);
    const again = await run('seed', ...args);
    expect(JSON.parse(again.stdout)).toMatchObject({ inserted: 0 });
  });
});

describe('every command', () => {
  it.each(['start', 'migrate', 'import', 'seed', 'counts', 'token', 'generate'])(
    'has --help: %s',
    async (name) => {
      const { code, stdout } = await runCommand(name, ['--help'], { cwd: directory });
      expect(code).toBe(0);
      expect(stdout).toContain(`npm ${name === 'start' ? '' : 'run '}${name}`);
    },
  );

  it.each(['migrate', 'import', 'seed'])('says that there is no database: %s', async (name) => {
    const { code, stderr } = await runCommand(name, name === 'import' ? ['a.csv'] : [], {
      cwd: directory,
    });
    expect(code).toBe(2);
    expect(stderr).toContain('Set DATABASE_URL or SHARDS');
  });
});
