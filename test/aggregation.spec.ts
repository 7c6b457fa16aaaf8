import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { MessageStore } from '../src/database/index.js';
import { bucketOfTag } from '../src/messages/bucket.js';
import { derivedMessageId } from '../src/messages/message-id.js';
import { runCommand } from './harness/command.js';
import { FaultCluster } from './harness/fault-cluster.js';
import { type Answer, get } from './harness/http.js';
import { startService, type TestService } from './harness/service.js';
import { ServiceProcess } from './harness/service-process.js';
import { developmentToken } from '../scripts/development-token.js';
import { readAuthConfig } from '../src/config/index.js';

const AUTH = { JWT_DEVELOPMENT_SECRET: 'a secret of at least thirty-two characters' };
const SAMPLE = '../shared/data/messages.csv';
/** March to December. */
const SAMPLE_MONTHS = [40, 69, 87, 58, 86, 99, 80, 91, 66, 94];
const DAY_MS = 86_400_000;

interface Group {
  readonly year: number;
  readonly month?: number;
  readonly day?: number;
  readonly messages: number;
}

interface TagCountDto {
  readonly tag: string;
  readonly messages: number;
}

let service: TestService;
let store: MessageStore;
let authorization: string;

beforeAll(async () => {
  service = await startService(AUTH);
  store = await MessageStore.open(service.databases.config().database);
  const request = { sub: 'tester', scope: 'aggregations:read', ttlSeconds: 600 };
  authorization = `Bearer ${await developmentToken(readAuthConfig(AUTH), request)}`;
});

afterAll(async () => {
  await store.close();
  await service[Symbol.asyncDispose]();
});

const ask = (path: string, url = service.url): Promise<Answer> =>
  get(url, `/aggregations/${path}`, { authorization });

async function countsOf(query: string): Promise<Group[]> {
  const { status, body } = await ask(`messages?${query}`);
  expect(status).toBe(200);
  return (body as { aggregates: Group[] }).aggregates;
}

async function storeAll(messages: readonly { tag: string; at: number }[]): Promise<void> {
  const rows = messages.map(({ tag, at }, index) => {
    const createdAt = new Date(at);
    const message = `message ${index}`;
    const id = derivedMessageId(bucketOfTag(tag), createdAt, tag, message);
    return { id, tag, message, createdAt };
  });
  await store.insertMany(rows);
  await untilReplayed();
}

/** Counts come from replicas. */
async function untilReplayed({ databases }: TestService = service): Promise<void> {
  await Promise.all([0, 1].map((shard) => databases.onReplica(shard, 'SELECT 1')));
}

async function temporaryDirectory() {
  const path = await mkdtemp(join(tmpdir(), 'messages-aggregation-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** What asking the messages themselves comes to. */
async function groupBy<Row extends object>(sql: string): Promise<Row[]> {
  const rows = await Promise.all(
    [0, 1].map((shard) => service.databases.onPrimary<Row & { messages: number }>(shard, sql)),
  );
  return rows.flat();
}

describe('GET /aggregations/messages', () => {
  it('counts the days of a range, both of its ends included, and leaves out empty ones', async () => {
    const tag = 'edges';
    const days = ['2023-12-31T23:59:59.999Z', '2024-01-01T00:00:00Z', '2024-02-29T12:00:00Z'];
    await storeAll(
      [...days, '2024-02-29T23:59:59.999Z', '2024-03-01T00:00:00Z'].map((at) => ({
        tag,
        at: Date.parse(at),
      })),
    );
    const leap = { year: 2024, month: 2, day: 29, messages: 2 };
    expect(await countsOf(`tag=${tag}&group_by=day&from=2024-01-01&to=2024-02-29`)).toEqual([
      { year: 2024, month: 1, day: 1, messages: 1 },
      leap,
    ]);
    expect(await countsOf(`tag=${tag}&group_by=day&from=2024-02-29&to=2024-02-29`)).toEqual([leap]);
    expect(await countsOf(`tag=${tag}&group_by=month&from=2023-12-31&to=2024-02-28`)).toEqual([
      { year: 2023, month: 12, messages: 1 },
      { year: 2024, month: 1, messages: 1 },
    ]);
    expect(await countsOf(`tag=EDGES&group_by=year&from=2023-01-01&to=2024-12-31`)).toEqual([
      { year: 2023, messages: 1 },
      { year: 2024, messages: 4 },
    ]);
    expect(await countsOf(`tag=none&group_by=year&from=2023-01-01&to=2024-12-31`)).toEqual([]);
  });

  it('says what GROUP BY over the messages says, whatever they are', async () => {
    const from = Date.UTC(2019, 11, 25);
    const someTag = fc.constantFrom('a', 'b', 'ä', '日本', '#tag');
    const someTime = fc.integer({ min: from, max: from + 800 * DAY_MS });
    const range = fc
      .tuple(someTime, someTime)
      .map(([a, b]) =>
        [Math.min(a, b), Math.max(a, b)].map((at) => new Date(at).toISOString().slice(0, 10)),
      );
    const day = "(uuid_extract_timestamp(id) AT TIME ZONE 'UTC')::date";
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ tag: someTag, at: someTime }), { maxLength: 60 }),
        range,
        fc.constantFrom('year', 'month', 'day'),
        fc.option(someTag, { nil: undefined }),
        async (messages, [first = '', last = ''], period, tag) => {
          await storeAll(messages);
          const asked = tag === undefined ? '' : `&tag=${encodeURIComponent(tag)}`;
          const counted = await countsOf(`group_by=${period}&from=${first}&to=${last}${asked}`);
          const rows = await groupBy<{ start: string; messages: number }>(
            `SELECT date_trunc('${period}', ${day}::timestamp)::date::text AS start,
                    count(*)::int AS messages
               FROM messages
              WHERE ${day} BETWEEN '${first}' AND '${last}'
                AND ${tag === undefined ? 'true' : `tag = '${tag}'`}
              GROUP BY 1`,
          );
          const expected = new Map<string, number>();
          for (const { start, messages: count } of rows) {
            expected.set(start, (expected.get(start) ?? 0) + count);
          }
          const got = counted.map(({ year, month = 1, day: of = 1, messages: count }) => [
            [year, month, of].map((part) => String(part).padStart(2, '0')).join('-'),
            count,
          ]);
          expect(got).toEqual([...expected].toSorted(([a], [b]) => (a < b ? -1 : 1)));
        },
      ),
      { numRuns: 40 },
    );
  });

  it.each([
    ['group_by', 'from=2024-01-01&to=2024-01-02', 'must be one of year, month, day'],
    ['group_by', 'group_by=week&from=2024-01-01&to=2024-01-02', 'must be one of'],
    ['from', 'group_by=day&to=2024-01-02', 'is required'],
    ['to', 'group_by=day&from=2024-01-01', 'is required'],
    ['from', 'group_by=day&from=2023-02-29&to=2024-01-02', 'must be a day of the calendar'],
    ['to', 'group_by=day&from=2024-01-01&to=2024-1-2', 'must be a day of the calendar'],
    ['to', 'group_by=day&from=2024-01-01&to=today', 'must be a day of the calendar'],
    ['from', 'group_by=day&from=2024-01-01&from=2024-01-02&to=2024-01-03', 'must be one day'],
    ['to', 'group_by=day&from=2024-01-02&to=2024-01-01', 'must not be before from'],
    ['to', 'group_by=day&from=2010-01-01&to=2020-12-14', '4001 groups, at most 4000'],
    ['to', 'group_by=year&from=0001-01-01&to=4001-01-01', '4001 groups, at most 4000'],
    ['tag', `group_by=day&from=2024-01-01&to=2024-01-02&tag=`, 'must not be empty'],
    ['tag', `group_by=day&from=2024-01-01&to=2024-01-02&tag=a%00b`, 'control'],
  ])('is 400 and names %s for %s', async (field, query, detail) => {
    const { status, body } = await ask(`messages?${query}`);
    expect(status).toBe(400);
    expect(body).toMatchObject({
      errors: [{ pointer: `#/${field}`, detail: expect.stringContaining(detail) }],
    });
  });

  it('takes ranges of 4,000 groups, and the ends of the calendar', async () => {
    const ranges = [
      'group_by=day&from=2010-01-01&to=2020-12-13',
      'group_by=year&from=0001-01-01&to=4000-12-31',
      'group_by=year&from=6000-01-01&to=9999-12-31',
    ];
    for (const range of ranges) expect((await ask(`messages?${range}`)).status).toBe(200);
  });
});

async function busiest(query: string): Promise<TagCountDto[]> {
  const { status, body } = await ask(`tags?${query}`);
  expect(status).toBe(200);
  return (body as { tags: TagCountDto[] }).tags;
}

describe('GET /aggregations/tags', () => {
  it('says what GROUP BY over the messages says, over all shards, whatever the range', async () => {
    const from = Date.UTC(2031, 0, 20);
    const someTag = fc.integer({ min: 0, max: 30 }).map((n) => `busy${n % 7 === 0 ? 'é' : ''}${n}`);
    const someTime = fc.integer({ min: from, max: from + 150 * DAY_MS });
    const day = "(uuid_extract_timestamp(id) AT TIME ZONE 'UTC')::date";
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ tag: someTag, at: someTime }), { maxLength: 80 }),
        fc.tuple(someTime, someTime),
        fc.integer({ min: 1, max: 10 }),
        async (messages, times, limit) => {
          await storeAll(messages);
          const [first, last] = times
            .toSorted((a, b) => a - b)
            .map((at) => new Date(at).toISOString().slice(0, 10));
          const rows = await groupBy<{ tag: string; messages: number }>(
            `SELECT tag, count(*)::int AS messages FROM messages
              WHERE ${day} BETWEEN '${first}' AND '${last}' GROUP BY tag`,
          );
          const expected = rows.toSorted(
            (a, b) =>
              b.messages - a.messages || Buffer.compare(Buffer.from(a.tag), Buffer.from(b.tag)),
          );
          expect(await busiest(`from=${first}&to=${last}&limit=${limit}`)).toEqual(
            expected.slice(0, limit),
          );
        },
      ),
      { numRuns: 40 },
    );
  });

  it('answers to the end of the calendar', async () => {
    await storeAll([{ tag: 'late', at: Date.UTC(9999, 11, 31, 23) }]);
    expect(await busiest('from=9999-01-01&to=9999-12-31')).toEqual([{ tag: 'late', messages: 1 }]);
  });

  it.each([
    ['from', 'to=2024-01-02', 'is required'],
    ['to', 'from=2024-01-02&to=2024-01-01', 'must not be before from'],
    ['limit', 'from=2024-01-01&to=2024-01-02&limit=0', 'at least 1'],
    ['limit', 'from=2024-01-01&to=2024-01-02&limit=ten', 'must be an integer'],
  ])('is 400 and names %s for %s', async (field, query, detail) => {
    const { status, body } = await ask(`tags?${query}`);
    expect(status).toBe(400);
    expect(body).toMatchObject({
      errors: [{ pointer: `#/${field}`, detail: expect.stringContaining(detail) }],
    });
  });
});

describe('the sample data', () => {
  it('has 770 messages in 2024, each month as many as it has', async () => {
    await using sample = await startService(AUTH);
    await using directory = await temporaryDirectory();
    // It is not part of the repository: without it, a file that is made here stands in.
    const made = SAMPLE_MONTHS.flatMap((count, index) =>
      Array.from({ length: count }, (_, n) => `m${n},t${n},2024-${index + 3}-01T00:00:00Z`),
    ).map((line) => line.replace(/-(\d)-01T/, '-0$1-01T'));
    const text = existsSync(SAMPLE) ? await readFile(SAMPLE, 'utf8') : made.join('\n');
    await writeFile(join(directory.path, 'sample.csv'), text);
    const options = { cwd: directory.path, env: sample.databases.env() };
    expect((await runCommand('import', ['sample.csv'], options)).code).toBe(0);
    await untilReplayed(sample);
    const range = 'from=2024-01-01&to=2024-12-31';
    const years = await ask(`messages?group_by=year&${range}`, sample.url);
    expect(years.body).toEqual({ group_by: 'year', aggregates: [{ year: 2024, messages: 770 }] });
    const months = await ask(`messages?group_by=month&${range}`, sample.url);
    expect(months.body).toEqual({
      group_by: 'month',
      aggregates: SAMPLE_MONTHS.map((messages, index) => ({
        year: 2024,
        month: index + 3,
        messages,
      })),
    });
    const verified = await runCommand('counts', ['--verify'], options);
    expect(verified).toMatchObject({ code: 0, stdout: '0 counts are wrong\n' });
  });
});

describe('a shard that cannot be asked', () => {
  it('makes it 503 that names the shard, never a partial sum', async () => {
    await using cluster = await FaultCluster.start({ shards: 2, replicasPerShard: 0 });
    await using process = await ServiceProcess.start(cluster.env(AUTH));
    const range = 'group_by=year&from=2024-01-01&to=2024-12-31';
    expect((await ask(`messages?${range}`, process.url)).status).toBe(200);
    await cluster.shard(1).kill(cluster.shard(1).primary);
    for (const path of [`messages?${range}`, 'tags?from=2024-01-01&to=2024-12-31']) {
      const answer = await ask(path, process.url);
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toBe('1');
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.body).toMatchObject({ detail: expect.stringContaining('Shard s1') });
    }
  });
});
