import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedCluster } from '../../scripts/embedded-postgres/cluster.js';
import type { Settings } from '../../scripts/embedded-postgres/settings.js';
import { removeStorage } from '../../scripts/embedded-postgres/storage.js';
import { readConfig } from '../../src/config/index.js';
import { migrate } from '../../src/database/index.js';
import { BUCKET_COUNT, bucketOfTag } from '../../src/messages/bucket.js';
import { FaultShard } from './fault-shard.js';
import { SERVICE_ENVIRONMENT } from './service-environment.js';

export interface FaultClusterOptions {
  /** 1, 2 or 4, with equal shares of the buckets. */
  readonly shards?: number;
  readonly replicasPerShard?: number;
  readonly settings?: Settings;
  /** Over `settings`, for all replicas. */
  readonly replicaSettings?: Settings;
}

/**
 * PostgreSQL servers of one test file, which may break them: shards with a migrated, empty
 * database. Every server is reached through a proxy of its own. All is gone with `dispose`.
 */
export class FaultCluster implements AsyncDisposable {
  private cluster: EmbeddedCluster | undefined;
  private shardsBehindProxies: readonly FaultShard[] = [];

  static async start(options: FaultClusterOptions = {}): Promise<FaultCluster> {
    const cluster = new FaultCluster(await mkdtemp(join(tmpdir(), 'messages-fault-')));
    try {
      await cluster.launch(options);
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
    return cluster;
  }

  private constructor(private readonly directory: string) {}

  get shards(): readonly FaultShard[] {
    return this.shardsBehindProxies;
  }

  shard(index: number): FaultShard {
    const shard = this.shards[index];
    if (!shard) throw new Error(`there is no shard ${index}`);
    return shard;
  }

  /** The shard that has a normalised tag. */
  shardOf(tag: string): FaultShard {
    return this.shard(Math.floor(bucketOfTag(tag) / this.bucketsOfEach));
  }

  /** @param overrides variables that differ from a service on all the servers, by their proxies */
  env(overrides: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
    const share = this.bucketsOfEach;
    const env: NodeJS.ProcessEnv = { ...SERVICE_ENVIRONMENT };
    env['SHARDS'] = this.shards
      .map((_, index) => `s${index}:${index * share}-${(index + 1) * share - 1}`)
      .join(',');
    this.shards.forEach((shard, index) => {
      const [primary, ...replicas] = [shard.primary, ...shard.replicas].map((server) =>
        shard.url(server),
      );
      env[`SHARD_S${index}_PRIMARY_URL`] = primary;
      env[`SHARD_S${index}_REPLICA_URLS`] = replicas.join(',');
    });
    return { ...env, ...overrides };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.shards.map((shard) => shard[Symbol.asyncDispose]()));
    await this.cluster?.stop('immediate');
    await removeStorage(this.storage);
    await rm(this.directory, { recursive: true, force: true });
  }

  private get bucketsOfEach(): number {
    return BUCKET_COUNT / this.shards.length;
  }

  private get storage(): string {
    return join(this.directory, 'postgres');
  }

  private async launch(options: FaultClusterOptions): Promise<void> {
    const { shards = 1, replicasPerShard = 2, settings, ...others } = options;
    this.cluster = await EmbeddedCluster.start({
      dir: this.storage,
      shards,
      replicasPerShard,
      // Replicas ask at once for a primary that is back.
      settings: { fsync: 'off', wal_retrieve_retry_interval: '100ms', ...settings },
      ...others,
    });
    this.shardsBehindProxies = await Promise.all(
      this.cluster.shards.map((shard) => FaultShard.of(shard)),
    );
    await migrate(readConfig(this.env()).database, () => undefined);
    await Promise.all(this.shards.map((shard) => shard.untilReplayed()));
  }
}
