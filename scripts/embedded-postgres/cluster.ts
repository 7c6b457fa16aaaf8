import path from 'node:path';
import { findBinaries } from './binaries.js';
import { LauncherLock } from './launcher-lock.js';
import { ShardCluster, type ShardOptions } from './shard-cluster.js';
import { openStorage } from './storage.js';

export interface ClusterOptions extends Omit<
  ShardOptions,
  'dir' | 'name' | 'replicas' | 'binaries'
> {
  /** Holds everything; made when absent. `removeStorage` removes it. */
  readonly dir: string;
  readonly shards?: number;
  readonly replicasPerShard?: number;
}

/** All the PostgreSQL servers of the project, for development and for tests. */
export class EmbeddedCluster {
  private constructor(
    readonly shards: readonly ShardCluster[],
    private readonly lock: LauncherLock,
  ) {}

  /** Starts the shards side by side; when one fails, none is left running. */
  static async start(options: ClusterOptions): Promise<EmbeddedCluster> {
    const { dir, shards = 2, replicasPerShard = 1, ...common } = options;
    const storage = await openStorage(dir);
    const lock = await LauncherLock.acquire(storage.root);
    try {
      const binaries = await findBinaries(storage);
      const starts = Array.from({ length: shards }, (_, index) =>
        ShardCluster.start({
          ...common,
          dir: path.join(storage.root, `shard-${index}`),
          name: `shard-${index}`,
          replicas: replicasPerShard,
          binaries,
        }),
      );
      return new EmbeddedCluster(await allOrNone(starts), lock);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Stops every server, also when one of them makes trouble, and gives the data free. */
  async stop(mode: 'fast' | 'immediate' = 'fast'): Promise<void> {
    const results = await Promise.allSettled(this.shards.map((shard) => shard.stop(mode)));
    await this.lock.release();
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }
}

async function allOrNone(starts: readonly Promise<ShardCluster>[]): Promise<ShardCluster[]> {
  const results = await Promise.allSettled(starts);
  const started = results.flatMap((result) =>
    result.status === 'fulfilled' ? [result.value] : [],
  );
  const failure = results.find((result) => result.status === 'rejected');
  if (!failure) return started;
  await Promise.allSettled(started.map((shard) => shard.stop('immediate')));
  throw failure.reason;
}
