import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { PostgresServer } from '../scripts/embedded-postgres/server.js';
import { waitUntil } from '../scripts/embedded-postgres/wait-until.js';
import { PAGES } from '../src/database/reads/pages.statement.js';
import { FaultCluster } from './harness/fault-cluster.js';
import type { FaultShard } from './harness/fault-shard.js';
import { checkHistory } from './harness/history.js';
import { HistoryClient } from './harness/history-client.js';
import type { Answer } from './harness/http.js';
import { walkAll, whileDoing } from './harness/load.js';
import { RedisServer } from './harness/redis.js';
import { ServiceProcesses } from './harness/service-processes.js';

const DEADLINE_MS = 30_000;
const TEST_MS = 120_000;
const WRITERS = 6;
const LIMIT = 10;

let cluster: FaultCluster;
let shard: FaultShard;
let redis: RedisServer;
let services: ServiceProcesses;

beforeAll(async () => {
  redis = await RedisServer.start();
  cluster = await FaultCluster.start({ shards: 1, replicasPerShard: 2 });
  shard = cluster.shard(0);
  // A machine that is busy must not count as a Redis that fails: only the primary would be left.
  const env = { REDIS_URL: redis.url, REDIS_TIMEOUT_MS: '5000' };
  services = await ServiceProcesses.start(2, cluster.env({ CACHE: 'off', ...env }));
});

afterAll(async () => {
  await services[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
  await redis.stop();
});

function expectUnavailable(answer: Answer | undefined): void {
  expect(answer?.status).toBe(503);
  expect(Number(answer?.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(answer?.headers.get('content-type')).toContain('application/problem+json');
}

/** Posts again and again until it is answered so. */
async function untilPosted(client: HistoryClient, url: string, tag: string, status: number) {
  return waitUntil(`a POST to be answered ${status}`, DEADLINE_MS, async () => {
    const answer = await client.post(url, tag);
    return answer?.status === status ? answer : undefined;
  });
}

async function untilReadFrom(
  server: PostgresServer,
  client: HistoryClient,
  url: string,
  tag: string,
): Promise<void> {
  const reads = shard.proxy(server).watch(PAGES.name);
  await waitUntil(`a read from ${server.name}`, DEADLINE_MS, async () => {
    await client.page(url, tag, LIMIT);
    return reads.count > 0;
  });
}

async function expectStoredOnce(client: HistoryClient, tag: string, on: PostgresServer) {
  const rows = await shard.query<{ id: string }>(
    on,
    `SELECT id FROM messages WHERE tag = '${tag}'`,
  );
  const ids = rows.map(({ id }) => id);
  const acknowledged = client.acknowledged(tag).map(({ id }) => id);
  expect(acknowledged.length).toBeGreaterThan(0);
  expect(ids).toEqual(expect.arrayContaining(acknowledged));
  expect(new Set(ids).size).toBe(ids.length);
}

// In this order: the second test leaves another primary behind.
describe('a primary that is killed under load', () => {
  it(
    'loses nothing that was acknowledged, and the service goes on once it is back',
    async () => {
      const reader = new HistoryClient();
      await reader.post(services.url(0), 'before');
      await shard.untilReplayed();
      for (const url of services.urls) await untilReadFrom(shard.replica(0), reader, url, 'before');

      const writer = new HistoryClient();
      const post = (number: number) => writer.post(services.url(number % 2), 'during');
      await whileDoing(WRITERS, post, async () => {
        await waitUntil('posts', DEADLINE_MS, () => writer.acknowledged('during').length > 100);
        await shard.kill(shard.primary);
        for (const url of services.urls) {
          expectUnavailable(await untilPosted(writer, url, 'during', 503));
          // From a replica that has all there is of the tag.
          for (let n = 0; n < 20; n++) await reader.page(url, 'before', LIMIT);
        }
        await shard.start(shard.primary);
        for (const url of services.urls) await untilPosted(writer, url, 'during', 201);
      });
      expect(reader.failures).toEqual([]);
      await walkAll(writer, services.urls, ['during']);
      const others = writer.failures.filter((failure) => !/^POST .*: 503 /.test(failure));
      expect(others).toEqual([]);
      expect(checkHistory(writer.events)).toEqual([]);
      expect(checkHistory(reader.events)).toEqual([]);
      await expectStoredOnce(writer, 'during', shard.primary);
    },
    TEST_MS,
  );
});

describe('another server that is promoted behind the address of the primary', () => {
  it(
    'takes over by itself, with all that was acknowledged and replicated',
    async () => {
      const [promoted, follower] = [shard.replica(0), shard.replica(1)];
      const client = new HistoryClient();
      for (let n = 0; n < 50; n++) await client.post(services.url(n % 2), 'kept');
      await shard.untilReplayed();
      await shard.kill(shard.primary);
      await shard.promote(promoted);

      for (const url of services.urls) await untilPosted(client, url, 'kept', 201);
      const failed = client.failures.length;
      for (let n = 0; n < 20; n++) {
        const url = services.url(n % 2);
        await client.post(url, 'kept');
        await client.page(services.url((n + 1) % 2), 'kept', LIMIT);
      }
      expect(client.failures.slice(failed)).toEqual([]);

      // A server that has followed to the new timeline takes reads again.
      await shard.follow(follower, promoted);
      for (const url of services.urls) await untilReadFrom(follower, client, url, 'kept');
      await walkAll(client, services.urls, ['kept']);
      expect(checkHistory(client.events)).toEqual([]);
      await expectStoredOnce(client, 'kept', promoted);
    },
    TEST_MS,
  );
});
