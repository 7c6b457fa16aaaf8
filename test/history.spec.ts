import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PAGES } from '../src/database/reads/pages.statement.js';
import { FaultCluster } from './harness/fault-cluster.js';
import { checkHistory } from './harness/history.js';
import { HistoryClient } from './harness/history-client.js';
import { load } from './harness/load.js';
import { RedisServer } from './harness/redis.js';
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

const replicas = () =>
  cluster.shards.flatMap((shard) => shard.replicas.map((replica) => ({ shard, replica })));

/** Until aborted, the first replica of each shard stops replaying again and again, for a while. */
async function pauseNowAndThen(signal: AbortSignal): Promise<void> {
  const somewhile = () =>
    sleep(randomInt(LONGEST_PAUSE_MS), undefined, { signal }).catch(() => undefined);
  await Promise.all(
    cluster.shards.map(async (shard) => {
      while (!signal.aborted) {
        await shard.pauseReplay(shard.replica(0));
        await somewhile();
        await shard.resumeReplay(shard.replica(0));
        await somewhile();
      }
    }),
  );
}

describe('clients of two processes', () => {
  it(
    'see every acknowledged message from then on, whatever replicas do',
    async () => {
      const seed = randomInt(2 ** 31);
      for (const shard of cluster.shards) await shard.setApplyDelay(shard.replica(1), 2_500);
      const reads = replicas().map(({ shard, replica }) => shard.proxy(replica).watch(PAGES.name));
      await using services = await ServiceProcesses.start(2, cluster.env({ REDIS_URL: redis.url }));
      const client = new HistoryClient();
      const over = new AbortController();
      const pausing = pauseNowAndThen(over.signal);
      const amount = { writers: 4, readers: 8, posts: 1_500, deadlineMs: LOAD_MS };
      await load(client, { urls: services.urls, tags: tags('history'), ...amount, seed });
      over.abort();
      await pausing;
      expect({ seed, failures: client.failures }).toEqual({ seed, failures: [] });
      expect({ seed, violations: checkHistory(client.events) }).toEqual({ seed, violations: [] });
      expect(client.requests).toBeGreaterThan(1_000);
      // Nothing is shown by readers that have avoided every replica.
      for (const { count } of reads) expect(count).toBeGreaterThan(10);
    },
    TEST_MS,
  );

  it(
    'would not, if replicas were read from whatever they have replayed',
    async () => {
      const seed = randomInt(2 ** 31);
      await using services = await ServiceProcesses.start(
        2,
        cluster.env({ REDIS_URL: redis.url, REPLICA_MAX_LAG: '10min' }),
        { preload: 'test/harness/without-floors.mjs' },
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
