import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { waitUntil } from '../scripts/embedded-postgres/wait-until.js';
import { bucketOfTag } from '../src/messages/bucket.js';
import { derivedMessageId } from '../src/messages/message-id.js';
import { FaultCluster } from './harness/fault-cluster.js';
import { get, post } from './harness/http.js';
import { pathOf } from './harness/page-copies.js';
import { RedisServer } from './harness/redis.js';
import { scrape } from './harness/scrape.js';
import { ServiceProcess } from './harness/service-process.js';

const DEADLINE_MS = 30_000;
const TAG = 'somebody-wrote-this';
const WORD = 'a page was answered from a copy that lacks what is stored';

let cluster: FaultCluster;
let redis: RedisServer;
let service: ServiceProcess;

beforeAll(async () => {
  redis = await RedisServer.start();
  cluster = await FaultCluster.start({ shards: 1, replicasPerShard: 1 });
  service = await ServiceProcess.start(
    cluster.env({
      REDIS_URL: redis.url,
      REDIS_TIMEOUT_MS: '5000',
      CACHE_CHECK_INTERVAL: '50ms',
      CACHE_PAGE_TTL: '10min',
      LOG_LEVEL: 'warn',
    }),
  );
});

afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
  await redis.stop();
});

async function checks(outcome: string): Promise<number> {
  return (await scrape(service)).value('messages_cache_checks_total', { outcome }) ?? 0;
}

/** Asks for the page until a check has come to that. */
async function untilChecked(outcome: string): Promise<void> {
  const before = await checks(outcome);
  await waitUntil(`a check that finds ${outcome}`, DEADLINE_MS, async () => {
    expect((await get(service.url, pathOf(TAG))).status).toBe(200);
    return (await checks(outcome)) > before;
  });
}

async function insertPastTheService(): Promise<void> {
  const shard = cluster.shard(0);
  const id = derivedMessageId(bucketOfTag(TAG), new Date(), TAG, 'unseen');
  await shard.query(
    shard.primary,
    `INSERT INTO messages (id, tag, message) VALUES ('${id}', '${TAG}', 'unseen')`,
  );
}

it('copies are compared with what is stored, and one that lacks something is told of', async () => {
  expect((await post(service.url, { message: 'seen', tag: TAG })).status).toBe(201);
  await untilChecked('same');
  expect(await checks('different')).toBe(0);
  expect(service.output).not.toContain(WORD);
  await insertPastTheService();
  await untilChecked('different');
  await waitUntil('a word of it', DEADLINE_MS, async () => service.output.includes(WORD));
  expect(service.output).not.toContain(TAG);
  // A message that the service takes itself makes the copy one that does not serve.
  expect((await post(service.url, { message: 'next', tag: TAG })).status).toBe(201);
  expect((await get(service.url, pathOf(TAG))).body).toHaveLength(3);
  await untilChecked('same');
});
