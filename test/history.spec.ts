import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PAGES } from '../src/database/reads/pages.statement.js';
import { FaultCluster } from './harness/fault-cluster.js';
import type { FaultShard } from './harness/fault-shard.js';
import { checkHistory } from './harness/history.js';
import { HistoryClient } from './harness/history-client.js';
import { load, whileDoing } from './harness/load.js';
import { RedisServer } from './harness/redis.js';
import { scrape } from './harness/scrape.js';
import { ServiceProcesses } from './harness/service-processes.js';

const LOAD_MS = 35_000;
const TEST_MS = 120_000;
const LONGEST_PAUSE_MS = 300;

const tags = (name: string) => Array.from({ length: 60 }, (_, n) => `${name}-${n}`);

let cluster: FaultCluster;
let redis: RedisServer;

beforeAll(async () => {
  redis = await RedisServer.start();
  cluster = await FaultCluster.start({ shards: 2, replicasPerShard: 2 });
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  await redis.stop();
});

/** A machine that is busy must not count as a Redis that fails. */
const env = (overrides: NodeJS.ProcessEnv = {}) =>
  cluster.env({ REDIS_URL: redis.url, REDIS_TIMEOUT_MS: '5000', ...overrides });

const replicas = () =>
  cluster.shards.flatMap((shard) => shard.replicas.map((replica) => ({ shard, replica })));

/** Stops the replay of the shard's first replica for a while, then lets it go on for a while. */
async function pauseOnce(shard: FaultShard): Promise<void> {
  await shard.pauseReplay(shard.replica(0));
  await sleep(randomInt(LONGEST_PAUSE_MS));
  await shard.resumeReplay(shard.replica(0));
  await sleep(randomInt(LONGEST_PAUSE_MS));
}

async function flushOnce(): Promise<void> {
  await sleep(randomInt(4 * LONGEST_PAUSE_MS));
  await redis.flush();
}

/** Takes Redis away in one way or another, for a while, and gives it back for a while. */
async function loseRedisOnce(): Promise<void> {
  const hangs = randomInt(2) === 0;
  await redis.kill(hangs ? 'SIGSTOP' : 'SIGKILL');
  await sleep(randomInt(LONGEST_PAUSE_MS));
  if (hangs) await redis.kill('SIGCONT');
  else await redis.restart();
  await sleep(randomInt(2 * LONGEST_PAUSE_MS));
}

describe('clients of two processes', () => {
  it(
    'see every acknowledged message from then on, whatever replicas do',
    async () => {
      const seed = randomInt(2 ** 31);
      for (const shard of cluster.shards) await shard.setApplyDelay(shard.replica(1), 2_500);
      const reads = replicas().map(({ shard, replica }) => shard.proxy(replica).watch(PAGES.name));
      await using services = await ServiceProcesses.start(2, env());
      const client = new HistoryClient();
      const amount = { writers: 4, readers: 8, posts: 1_500, deadlineMs: LOAD_MS };
      await whileDoing(
        cluster.shards.length,
        (index) => pauseOnce(cluster.shard(index)),
        () => load(client, { urls: services.urls, tags: tags('history'), ...amount, seed }),
      );
      expect({ seed, failures: client.failures }).toEqual({ seed, failures: [] });
      expect({ seed, violations: checkHistory(client.events) }).toEqual({ seed, violations: [] });
      expect(client.requests).toBeGreaterThan(1_000);
      // Nothing is shown by readers that have avoided every replica.
      for (const { count } of reads) expect(count).toBeGreaterThan(10);
    },
    TEST_MS,
  );

  it(
    'see them from copies too, though Redis is flushed again and again',
    async () => {
      const seed = randomInt(2 ** 31);
      const checked = env({ CACHE_CHECK_INTERVAL: '20ms' });
      await using services = await ServiceProcesses.start(2, checked);
      const client = new HistoryClient();
      const amount = { writers: 4, readers: 8, posts: 800, deadlineMs: LOAD_MS };
      const faults = [() => pauseOnce(cluster.shard(0)), () => flushOnce()];
      await whileDoing(
        faults.length,
        (index) => faults[index]?.() ?? Promise.resolve(),
        () => load(client, { urls: services.urls, tags: tags('flushed'), ...amount, seed }),
      );
      expect({ seed, failures: client.failures }).toEqual({ seed, failures: [] });
      expect({ seed, violations: checkHistory(client.events) }).toEqual({ seed, violations: [] });
      for (const service of services.all) {
        const told = await scrape(service);
        expect(told.value('messages_cache_lookups_total', { outcome: 'hit' })).toBeGreaterThan(0);
        // What the service finds when it compares copies itself.
        const checks = (outcome: string) => told.value('messages_cache_checks_total', { outcome });
        expect(checks('same')).toBeGreaterThan(0);
        expect(checks('different')).toBe(0);
      }
    },
    TEST_MS,
  );

  it(
    'see them with their tokens, though Redis is killed, hangs and comes back',
    async () => {
      const seed = randomInt(2 ** 31);
      await using services = await ServiceProcesses.start(2, env({ REDIS_TIMEOUT_MS: '50' }));
      const client = new HistoryClient({ withTokens: true });
      const amount = { writers: 4, readers: 8, posts: 800, deadlineMs: LOAD_MS };
      const faults = [() => pauseOnce(cluster.shard(0)), () => loseRedisOnce()];
      await whileDoing(
        faults.length,
        (index) => faults[index]?.() ?? Promise.resolve(),
        () => load(client, { urls: services.urls, tags: tags('lost'), ...amount, seed }),
      );
      expect({ seed, failures: client.failures }).toEqual({ seed, failures: [] });
      expect({ seed, violations: checkHistory(client.events) }).toEqual({ seed, violations: [] });
    },
    TEST_MS,
  );

  it(
    'would not, if replicas were read from whatever they have replayed',
    async () => {
      const seed = randomInt(2 ** 31);
      await using services = await ServiceProcesses.start(
        2,
        env({ CACHE: 'off', REPLICA_MAX_LAG: '10min' }),
        {
          preload: 'test/harness/without-floors.mjs',
        },
      );
      const client = new HistoryClient();
      for (const { shard, replica } of replicas()) await shard.pauseReplay(replica);
      const amount = { writers: 2, readers: 2, posts: 100, deadlineMs: LOAD_MS };
      await load(client, { urls: services.urls, tags: tags('stale'), ...amount, seed });
      for (const { shard, replica } of replicas()) await shard.resumeReplay(replica);
      expect(client.failures).toEqual([]);
      const kinds = new Set(checkHistory(client.events).map(({ kind }) => kind));
      expect([...kinds]).toEqual(expect.arrayContaining(['missed-acknowledged', 'lost']));
    },
    TEST_MS,
  );
});
