import { FaultCluster } from './fault-cluster.js';
import { untilCached } from './page-copies.js';
import { RedisServer } from './redis.js';
import { ServiceProcesses } from './service-processes.js';

/** Two processes of the service on databases of their own, with a Redis that they share. */
export class CachedServices implements AsyncDisposable {
  /** @param env variables that differ from such a service */
  static async start(env: NodeJS.ProcessEnv = {}, shards = 1): Promise<CachedServices> {
    const redis = await RedisServer.start();
    const cluster = await FaultCluster.start({ shards, replicasPerShard: 1 });
    // A machine that is busy must not count as a Redis that fails.
    const redisEnv = { REDIS_URL: redis.url, REDIS_TIMEOUT_MS: '5000' };
    const services = await ServiceProcesses.start(2, cluster.env({ ...redisEnv, ...env }));
    // Floors are known from the first of them on.
    for (const url of services.urls) await untilCached(cluster, url, 'first');
    return new CachedServices(redis, cluster, services);
  }

  private constructor(
    readonly redis: RedisServer,
    readonly cluster: FaultCluster,
    readonly services: ServiceProcesses,
  ) {}

  async [Symbol.asyncDispose](): Promise<void> {
    await this.services[Symbol.asyncDispose]();
    await this.cluster[Symbol.asyncDispose]();
    await this.redis.stop();
  }
}
