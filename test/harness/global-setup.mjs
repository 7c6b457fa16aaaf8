// Jest maps no module names in its global set-up, so this is JavaScript and uses the compiled scripts.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedCluster } from '../../build/scripts/embedded-postgres/cluster.js';
import { removeStorage } from '../../build/scripts/embedded-postgres/storage.js';
import { ensureRedisServer } from './install-redis.mjs';

/** Starts the cluster that all tests share: two shards, each a primary and a streaming replica. */
export default async function globalSetup() {
  ensureRedisServer();
  const directory = await mkdtemp(join(tmpdir(), 'messages-test-'));
  const cluster = await EmbeddedCluster.start({
    dir: join(directory, 'postgres'),
    shards: 2,
    replicasPerShard: 1,
    settings: { fsync: 'off' },
  });
  globalThis.stopTestCluster = async () => {
    await cluster.stop();
    await removeStorage(join(directory, 'postgres'));
    await rm(directory, { recursive: true, force: true });
  };
  process.env.TEST_CLUSTER = JSON.stringify(
    cluster.shards.map((shard) => ({
      primary: shard.primary.url('postgres'),
      replicas: shard.replicas.map((replica) => replica.url('postgres')),
    })),
  );
}
