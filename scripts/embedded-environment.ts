import type { EmbeddedCluster } from './embedded-postgres/cluster.js';

/** Where `npm start` tells other commands how to reach its cluster, while it runs. */
export const EMBEDDED_ENVIRONMENT_FILE = '.data/embedded.env';

const BUCKETS = 4096;
const DATABASE = 'postgres';

/** The configuration of a service on an embedded cluster, its buckets shared out evenly. */
export function embeddedEnvironment(cluster: EmbeddedCluster, database = DATABASE) {
  const share = BUCKETS / cluster.shards.length;
  const names = cluster.shards.map((_, index) => `s${index}`);
  const env: Record<string, string> = {
    SHARDS: names.map((name, n) => `${name}:${n * share}-${(n + 1) * share - 1}`).join(','),
  };
  cluster.shards.forEach((shard, index) => {
    const prefix = `SHARD_S${index}`;
    env[`${prefix}_PRIMARY_URL`] = shard.primary.url(database);
    env[`${prefix}_REPLICA_URLS`] = shard.replicas
      .map((replica) => replica.url(database))
      .join(',');
  });
  return env;
}
