import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { waitUntil } from '../scripts/embedded-postgres/wait-until.js';
import { FaultCluster } from './harness/fault-cluster.js';
import { get, post } from './harness/http.js';
import { pathOf, untilCached } from './harness/page-copies.js';
import { RedisServer } from './harness/redis.js';
import { ServiceProcess } from './harness/service-process.js';

const DEADLINE_MS = 30_000;
const TAG = 'faulty';

let cluster: FaultCluster;
let redis: RedisServer;
let service: ServiceProcess;
let posted = 0;

beforeAll(async () => {
  cluster = await FaultCluster.start({ shards: 1, replicasPerShard: 1 });
});

beforeEach(async () => {
  redis = await RedisServer.withDebug();
  service = await ServiceProcess.start(cluster.env({ REDIS_URL: redis.url, LOG_LEVEL: 'info' }));
  await postOne();
  await untilHits();
});

afterEach(async () => {
  await service[Symbol.asyncDispose]();
  await redis.stop();
});

afterAll(() => cluster[Symbol.asyncDispose]());

async function postOne(): Promise<string> {
  const { status, headers } = await post(service.url, { message: `n ${posted}`, tag: TAG });
  expect(status).toBe(201);
  posted++;
  return headers.get('consistency-token') ?? '';
}

/** Every message so far, in one process: its own floors are enough for that. */
async function expectAll(headers: Record<string, string> = {}): Promise<void> {
  const { status, body } = await get(service.url, pathOf(TAG), headers);
  expect(status).toBe(200);
  expect((body as { message: string }[])[0]?.message).toBe(`n ${posted - 1}`);
}

const untilHits = () => untilCached(cluster, service.url, TAG);

const warnings = () => service.output.split('\n').filter((line) => line.includes('"level":"warn"'));

const FAULTS: readonly [string, () => Promise<unknown>, () => Promise<unknown>][] = [
  ['gone', () => redis.kill('SIGKILL'), () => redis.restart()],
  ['hanging', () => redis.kill('SIGSTOP'), () => redis.kill('SIGCONT')],
  [
    'full, and evicts nothing',
    async () => {
      await redis.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
      await redis.command('CONFIG', 'SET', 'maxmemory', '1');
    },
    () => redis.command('CONFIG', 'SET', 'maxmemory', '0'),
  ],
  ['loading what it has saved', beginLoading, endLoading],
  [
    'a replica of another one, and read-only',
    () => redis.command('REPLICAOF', '127.0.0.1', '1'),
    () => redis.command('REPLICAOF', 'NO', 'ONE'),
  ],
];

/** How long Redis takes for each key that it loads, in microseconds: altogether it would be long. */
const LOAD_DELAY_US = 1_000;
const KEYS = 60_000;

/** Has Redis load what it has just saved, at a crawl: whoever asks meanwhile is told so. */
async function beginLoading(): Promise<void> {
  const filler = Array.from({ length: KEYS }, (_, n) => [`filler:${n}`, 'x'.repeat(100)]);
  await redis.command('MSET', ...filler.flat());
  await redis.command('CONFIG', 'SET', 'loading-process-events-interval-bytes', '1024');
  await redis.command('CONFIG', 'SET', 'key-load-delay', String(LOAD_DELAY_US));
  // It answers when all is loaded, long after this connection has been given up.
  redis.command('DEBUG', 'RELOAD').catch(() => undefined);
  await untilLoading(1);
}

async function endLoading(): Promise<void> {
  await redis.command('CONFIG', 'SET', 'key-load-delay', '0');
  await untilLoading(0);
}

async function untilLoading(loading: 0 | 1): Promise<void> {
  await waitUntil(`loading:${loading}`, DEADLINE_MS, async () => {
    const info = await redis.command('INFO', 'persistence').catch(() => '');
    return String(info).includes(`loading:${loading}\r\n`);
  });
}

describe.each(FAULTS)('while Redis is %s', (_, begin, end) => {
  it('messages are stored and shown all the same, and it is said once, not for each request', async () => {
    await begin();
    for (let n = 0; n < 10; n++) {
      const token = await postOne();
      await expectAll();
      await expectAll({ 'consistency-token': token });
    }
    await Promise.all(Array.from({ length: 100 }, () => expectAll()));
    await waitUntil('a word of it in the log', DEADLINE_MS, () =>
      Promise.resolve(warnings().length > 0),
    );
    // One line for each part that does without: the connection, floors and copies.
    expect(warnings().length).toBeLessThanOrEqual(6);
    await end();
    await untilHits();
    await postOne();
    await expectAll();
  });
});

describe('when Redis loses what it had', () => {
  it.each([
    ['flushed', () => redis.flush()],
    ['restarted', () => redis.restart()],
  ])('pages are right and soon cached again: %s', async (_, lose) => {
    for (let round = 0; round < 3; round++) {
      await postOne();
      await lose();
      await expectAll();
      await postOne();
      await expectAll();
      await untilHits();
    }
  });

  it('the same where it evicts all the time for want of memory', async () => {
    await redis.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-random');
    const used = Number(
      /used_memory:(\d+)/.exec(String(await redis.command('INFO', 'memory')))?.[1],
    );
    await redis.command('CONFIG', 'SET', 'maxmemory', String(used + 40_000));
    for (let n = 0; n < 60; n++) {
      await postOne();
      for (let filler = 0; filler < 5; filler++) {
        await get(service.url, `/messages?tag=filler-${n}-${filler}`);
      }
      await expectAll();
    }
    const stats = String(await redis.command('INFO', 'stats'));
    expect(Number(/evicted_keys:(\d+)/.exec(stats)?.[1])).toBeGreaterThan(0);
  });
});
