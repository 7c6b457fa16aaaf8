import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { waitUntil } from '../scripts/embedded-postgres/wait-until.js';
import { readConfig } from '../src/config/index.js';
import type { RunningServer } from '../src/running-server.js';
import { startServer } from '../src/server.js';
import { FaultCluster } from './harness/fault-cluster.js';
import type { FaultShard } from './harness/fault-shard.js';
import { type Answer, get, post } from './harness/http.js';
import { Issuer } from './harness/issuer.js';
import { RedisServer } from './harness/redis.js';
import { scrape } from './harness/scrape.js';

const DEADLINE_MS = 30_000;
const CALLS = 'messages_database_call_duration_seconds_count';
const BATCHES = 'messages_database_batch_items_count';
const ITEMS = 'messages_database_batch_items_sum';
const PAGES = 'messages_page_reads_total';
const FLOORS = 'messages_floors_total';
const IN_USE = 'messages_replica_in_use';
const LAG_SECONDS = 'messages_replica_lag_seconds';
const LAG_BYTES = 'messages_replica_lag_bytes';
const QUEUE = 'messages_database_queue_length';
const CONNECTIONS = 'messages_database_pool_connections';
const WAITING = 'messages_database_pool_waiting';
const PRIMARY_UP = 'messages_primary_up';

const INSERTS = { shard: 's0', role: 'primary', operation: 'insert' };
const OF_REPLICAS = { shard: 's0', role: 'replica' };
const FIRST = { shard: 's0', replica: 'replica-0' };
const SECOND = { shard: 's0', replica: 'replica-1' };

let redis: RedisServer;
let issuer: Issuer;
let cluster: FaultCluster;
let shard: FaultShard;
let service: RunningServer;

beforeAll(async () => {
  redis = await RedisServer.start();
  issuer = await Issuer.start();
  cluster = await FaultCluster.start({ shards: 1, replicasPerShard: 2 });
  shard = cluster.shard(0);
  const env = cluster.env({
    ...issuer.env(),
    REDIS_URL: redis.url,
    // A machine that is busy must not count as a server that fails.
    REDIS_TIMEOUT_MS: '5000',
    REPLICA_TIMEOUT_MS: '5000',
    REPLICA_MAX_LAG: '1min',
    DATABASE_POOL_SIZE: '1',
    DATABASE_CONNECT_TIMEOUT_MS: '30000',
    DATABASE_STATEMENT_TIMEOUT_MS: '30000',
  });
  service = await startServer(readConfig(env));
});

afterAll(async () => {
  await service?.close();
  await cluster?.[Symbol.asyncDispose]();
  await issuer?.[Symbol.asyncDispose]();
  await redis?.stop();
});

type Labels = Readonly<Record<string, string>>;

const value = async (name: string, labels: Labels = {}) =>
  (await scrape(service)).value(name, labels);

const until = (name: string, labels: Labels, holds: (value: number | undefined) => boolean) =>
  waitUntil(`${name} ${JSON.stringify(labels)}`, DEADLINE_MS, async () =>
    holds(await value(name, labels)),
  );

/** By how much counters rise while something is done. */
async function rises(
  counters: readonly (readonly [name: string, labels: Labels])[],
  action: () => Promise<unknown>,
): Promise<number[]> {
  const before = await scrape(service);
  await action();
  const after = await scrape(service);
  return counters.map(
    ([name, labels]) => (after.value(name, labels) ?? 0) - (before.value(name, labels) ?? 0),
  );
}

const read = (tag: string) => get(service.url, `/messages?tag=${tag}`);

async function stored(tag: string = randomUUID().slice(0, 8)): Promise<Answer> {
  const answer = await post(service.url, { message: 'm', tag });
  expect(answer.status).toBe(201);
  return answer;
}

/** Waits until the service knows that both replicas have what was written up to now. */
async function untilFresh(): Promise<void> {
  await shard.untilReplayed();
  for (const replica of [FIRST, SECOND]) await until(LAG_BYTES, replica, (lag) => lag === 0);
}

it('an insert is a call with its batch, a position, and a floor for each tag', async () => {
  const tags = ['a', 'b', 'c', 'd', 'e'];
  const [calls, batches, items, positions, written, failed] = await rises(
    [
      [CALLS, INSERTS],
      [BATCHES, INSERTS],
      [ITEMS, INSERTS],
      [CALLS, { ...INSERTS, operation: 'position' }],
      [FLOORS, { outcome: 'written' }],
      [FLOORS, { outcome: 'failed' }],
    ],
    () => Promise.all(tags.map(stored)),
  );
  expect(items).toBe(tags.length);
  expect(calls).toBeGreaterThan(0);
  expect(batches).toBe(calls);
  // Others ask for a position too, now and then.
  expect(positions).toBeGreaterThanOrEqual(calls ?? NaN);
  expect(written).toBe(tags.length);
  expect(failed).toBe(0);
});

it('pages count by who answered, and so do the calls', async () => {
  const [tag, other] = ['of-replica', 'of-primary'];
  const counters = [
    [PAGES, { shard: 's0', source: 'replica' }],
    [ITEMS, { ...OF_REPLICAS, operation: 'pages' }],
    [PAGES, { shard: 's0', source: 'primary' }],
    [ITEMS, { shard: 's0', role: 'primary', operation: 'pages' }],
  ] as const;
  await stored(tag);
  await untilFresh();
  expect(await rises(counters, () => read(tag))).toEqual([1, 1, 0, 0]);
  for (const replica of shard.replicas) await shard.pauseReplay(replica);
  await stored(other);
  expect(await rises(counters, () => read(other))).toEqual([0, 0, 1, 1]);
  for (const replica of shard.replicas) await shard.resumeReplay(replica);
  await untilFresh();
});

it('replicas share a series of calls, and none of them begins it anew', async () => {
  const reads = ['x', 'y', 'z', 'u', 'v', 'w'];
  const [items] = await rises([[ITEMS, { ...OF_REPLICAS, operation: 'pages' }]], async () => {
    for (const tag of reads) await read(tag);
  });
  expect(items).toBe(reads.length);
});

it('single messages and counts are calls of their own', async () => {
  const { headers } = await stored();
  await untilFresh();
  const authorization = `Bearer ${await issuer.token()}`;
  const range = 'group_by=day&from=2024-01-01&to=2024-01-31';
  expect(
    await rises(
      [
        [CALLS, { ...OF_REPLICAS, operation: 'messages' }],
        [CALLS, { ...OF_REPLICAS, operation: 'counts' }],
      ],
      async () => {
        const found = await get(service.url, headers.get('location') ?? '');
        expect(found.status).toBe(200);
        const counted = await get(service.url, `/aggregations/messages?${range}`, {
          authorization,
        });
        expect(counted.status).toBe(200);
      },
    ),
  ).toEqual([1, 1]);
});

it('a replica that lags tells by how much, and no other does', async () => {
  await untilFresh();
  await shard.pauseReplay(shard.replica(0));
  await stored();
  await shard.untilReplayed([shard.replica(1)]);
  await until(LAG_BYTES, FIRST, (bytes) => (bytes ?? 0) > 0);
  await until(LAG_SECONDS, FIRST, (seconds) => (seconds ?? 0) > 0.5);
  await until(LAG_BYTES, SECOND, (bytes) => bytes === 0);
  expect(await value(LAG_SECONDS, SECOND)).toBe(0);
  expect(await value(IN_USE, FIRST)).toBe(1);
  await shard.resumeReplay(shard.replica(0));
  await untilFresh();
  expect(await value(LAG_SECONDS, FIRST)).toBe(0);
});

it('a replica that does not answer is out of use, and tells no lag', async () => {
  await shard.kill(shard.replica(0));
  await until(IN_USE, FIRST, (inUse) => inUse === 0);
  expect(await value(LAG_SECONDS, FIRST)).toBeUndefined();
  expect(await value(LAG_BYTES, FIRST)).toBeUndefined();
  expect(await value(IN_USE, SECOND)).toBe(1);
  await shard.start(shard.replica(0));
  await until(IN_USE, FIRST, (inUse) => inUse === 1);
});

it('of a list of replicas that has the primary in it, nothing is told of that one', async () => {
  const urls = [shard.primary, ...shard.replicas].map((server) => shard.url(server));
  const env = cluster.env({ SHARD_S0_REPLICA_URLS: urls.join(','), REPLICA_TIMEOUT_MS: '5000' });
  const listing = await startServer(readConfig(env));
  try {
    const told = await scrape(listing);
    for (const metric of [IN_USE, LAG_SECONDS, LAG_BYTES]) {
      expect(told.labelValues(metric, 'replica')).toEqual(['replica-1', 'replica-2']);
    }
  } finally {
    await listing.close();
  }
});

it('what waits for a call and for a connection is told', async () => {
  const primary = { shard: 's0', server: 'primary' };
  const blocker = new Client({ connectionString: shard.primary.url('postgres') });
  await blocker.connect();
  let posts: Promise<Answer>[] = [];
  try {
    await blocker.query('BEGIN');
    // Inserts wait for it, reads do not.
    await blocker.query('LOCK TABLE messages IN SHARE MODE');
    posts = [post(service.url, { message: 'm', tag: 'blocked' })];
    await until(CONNECTIONS, { ...primary, state: 'busy' }, (busy) => busy === 1);
    posts.push(...['1', '2', '3'].map((tag) => post(service.url, { message: 'm', tag })));
    await until(QUEUE, INSERTS, (length) => length === 3);
    expect(await value(WAITING, primary)).toBe(0);
    // No replica has it, so the primary is asked, whose only connection is taken.
    const missing = get(service.url, '/messages/01930000-0000-7000-8000-000000000000');
    await until(WAITING, primary, (waiting) => waiting === 1);
    await blocker.query('ROLLBACK');
    expect((await missing).status).toBe(404);
  } finally {
    await blocker.end();
  }
  for (const { status } of await Promise.all(posts)) expect(status).toBe(201);
  const after = await scrape(service);
  expect(after.value(QUEUE)).toBe(0);
  expect(after.value(WAITING)).toBe(0);
  expect(after.value(CONNECTIONS, { ...primary, state: 'busy' })).toBe(0);
  expect(after.value(CONNECTIONS, { ...primary, state: 'idle' })).toBe(1);
});

it('floors that Redis does not take are told, and those that it takes later', async () => {
  const failed = await value(FLOORS, { outcome: 'failed' });
  const written = (await value(FLOORS, { outcome: 'written' })) ?? NaN;
  await redis.kill('SIGKILL');
  await stored();
  expect(await value(FLOORS, { outcome: 'failed' })).toBe((failed ?? NaN) + 1);
  expect(await value(FLOORS, { outcome: 'written' })).toBe(written);
  await redis.restart();
  await until(FLOORS, { outcome: 'written' }, (count) => count === written + 1);
});

it('a primary that does not answer is down, until it is back', async () => {
  expect(await value(PRIMARY_UP, { shard: 's0' })).toBe(1);
  await shard.kill(shard.primary);
  await until(PRIMARY_UP, { shard: 's0' }, (up) => up === 0);
  await shard.start(shard.primary);
  await until(PRIMARY_UP, { shard: 's0' }, (up) => up === 1);
});
