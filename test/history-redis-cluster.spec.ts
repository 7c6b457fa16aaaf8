import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitUntil } from '../scripts/embedded-postgres/wait-until.js';
import { PAGES } from '../src/database/reads/pages.statement.js';
import { FaultCluster } from './harness/fault-cluster.js';
import { checkHistory, type HistoryEvent } from './harness/history.js';
import { HistoryClient } from './harness/history-client.js';
import { load, whileDoing } from './harness/load.js';
import type { RedisServer } from './harness/redis.js';
import { RedisCluster } from './harness/redis-cluster.js';
import type { ServiceProcess } from './harness/service-process.js';
import { ServiceProcesses } from './harness/service-processes.js';

const LOAD_MS = 40_000;
const TEST_MS = 150_000;
const DEADLINE_MS = 30_000;
const LONGEST_PAUSE_MS = 500;

interface Outage {
  readonly from: number;
  readonly to: number;
}

let cluster: FaultCluster;
let redis: RedisCluster;

beforeAll(async () => {
  redis = await RedisCluster.start();
  cluster = await FaultCluster.start({ shards: 1, replicasPerShard: 2 });
}, TEST_MS);

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  await redis.stop();
});

function countOf({ output }: ServiceProcess, ...parts: string[]): number {
  return output.split('\n').filter((line) => parts.every((part) => line.includes(part))).length;
}

/** Restarts a node; the outage ends when every process has told Redis what it missed. */
async function restart(
  node: RedisServer,
  client: HistoryClient,
  services: readonly ServiceProcess[],
): Promise<Outage> {
  const answers = (service: ServiceProcess) =>
    countOf(service, `127.0.0.1:${node.port}"`, 'Redis answers');
  const before = services.map(answers);
  const from = client.now;
  await node.restart();
  await waitUntil('the processes to be back', DEADLINE_MS, () =>
    services.every(
      (service, index) =>
        answers(service) > (before[index] ?? 0) &&
        countOf(service, 'raise-failed') === countOf(service, 'raise-recovered'),
    ),
  );
  return { from, to: client.now };
}

/** Without what was read while a part of Redis could not be reached. */
function whileReachable(
  events: readonly HistoryEvent[],
  outages: readonly Outage[],
): HistoryEvent[] {
  const isOut = (event: HistoryEvent) =>
    outages.some(({ from, to }) => event.started <= to && event.finished >= from);
  const walks = new Set(
    events.flatMap((event) => (event.kind === 'page' && isOut(event) ? [event.walk] : [])),
  );
  walks.delete(undefined);
  return events.filter(
    (event) => event.kind === 'post' || !(isOut(event) || walks.has(event.walk)),
  );
}

describe('clients of two processes that share a Redis Cluster', () => {
  it(
    'see every acknowledged message, whatever its nodes lose',
    async () => {
      const seed = randomInt(2 ** 31);
      const shard = cluster.shard(0);
      await shard.setApplyDelay(shard.replica(1), 2_500);
      const reads = shard.replicas.map((replica) => shard.proxy(replica).watch(PAGES.name));
      await using services = await ServiceProcesses.start(
        2,
        cluster.env({ ...redis.env, REDIS_TIMEOUT_MS: '5000', LOG_LEVEL: 'info' }),
      );
      const client = new HistoryClient();
      const outages: Outage[] = [];
      let flushes = 0;
      const nemeses = [
        async () => {
          await shard.pauseReplay(shard.replica(0));
          await sleep(randomInt(LONGEST_PAUSE_MS));
          await shard.resumeReplay(shard.replica(0));
          await sleep(randomInt(LONGEST_PAUSE_MS));
        },
        async () => {
          const node = redis.node(randomInt(redis.nodes.length));
          if (randomInt(4) > 0) {
            await node.flush();
            flushes++;
          } else {
            outages.push(await restart(node, client, services.all));
          }
          await sleep(randomInt(LONGEST_PAUSE_MS));
        },
      ];
      const tags = Array.from({ length: 60 }, (_, n) => `cluster-${n}`);
      const amount = { writers: 4, readers: 8, posts: 1_500, deadlineMs: LOAD_MS };
      await whileDoing(
        nemeses.length,
        (index) => (nemeses[index] as () => Promise<void>)(),
        () => load(client, { urls: services.urls, tags, ...amount, seed }),
      );
      expect({ seed, failures: client.failures }).toEqual({ seed, failures: [] });
      const checked = whileReachable(client.events, outages);
      expect({ seed, violations: checkHistory(checked) }).toEqual({ seed, violations: [] });
      expect(flushes).toBeGreaterThan(3);
      expect(outages.length).toBeGreaterThan(0);
      expect(checked.length).toBeGreaterThan(500);
      for (const { count } of reads) expect(count).toBeGreaterThan(10);
    },
    TEST_MS,
  );
});
