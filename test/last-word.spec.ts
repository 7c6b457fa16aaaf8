import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { waitUntil } from '../scripts/embedded-postgres/wait-until.js';
import { readConfig } from '../src/config/index.js';
import type { RunningServer } from '../src/running-server.js';
import { startServer } from '../src/server.js';
import { FaultCluster } from './harness/fault-cluster.js';
import type { FaultShard } from './harness/fault-shard.js';
import { get, post } from './harness/http.js';

const DEADLINE_MS = 20_000;

let cluster: FaultCluster;
let shard: FaultShard;
let server: RunningServer;

beforeAll(async () => {
  cluster = await FaultCluster.start({ shards: 1, replicasPerShard: 1 });
  shard = cluster.shard(0);
  // For as long a read waits for a replica that is in use.
  server = await startServer(readConfig(cluster.env({ REPLICA_TIMEOUT_MS: '20000' })));
});

afterAll(async () => {
  await server.close();
  await cluster[Symbol.asyncDispose]();
});

it('with the primary gone, a GET waits for the replica that has the last word', async () => {
  const replica = shard.replica(0);
  await shard.pauseReplay(replica);
  const posted = await post(server.url, { message: 'last', tag: 'word' });
  const { id } = posted.body as { id: string };
  // It has received the message, and does not show it yet.
  await shard.primary.stop('fast');
  await waitUntil('the primary is known to be gone', DEADLINE_MS, async () => {
    const { body } = await get(server.managementUrl, '/health/ready');
    return JSON.stringify(body).includes('"not answering"');
  });
  const paths = ['/messages?tag=word', `/messages/${id}`];
  const answers = Promise.all(paths.map((path) => get(server.url, path)));
  await shard.resumeReplay(replica);
  const [page, message] = await answers;
  expect(page).toMatchObject({ status: 200, body: [posted.body] });
  expect(message).toMatchObject({ status: 200, body: posted.body });
});
