import type { DatabaseConfig } from '../../config/index.js';
import type { FreshnessFloors } from '../freshness/freshness-floors.js';
import { verifyShards } from '../migrate/verify.js';
import { Shard } from './shard.js';
import { ShardMap } from './shard-map.js';

/** All the shards of the configuration. */
export class Shards {
  private map: ShardMap<Shard> | undefined;

  constructor(
    private readonly config: DatabaseConfig,
    private readonly floors: FreshnessFloors,
  ) {}

  /** @throws DatabaseStateError if the databases are not such that this version can serve */
  async open(): Promise<void> {
    const { layoutId } = await verifyShards(this.config);
    this.map = new ShardMap(
      this.config.shards.map((shard) => new Shard(shard, layoutId, this.config, this.floors)),
    );
    await Promise.all(this.map.shards.map((shard) => shard.start()));
  }

  of(bucket: number): Shard {
    return this.opened.of(bucket);
  }

  get all(): readonly Shard[] {
    return this.opened.shards;
  }

  async close(): Promise<void> {
    await Promise.all(this.map?.shards.map((shard) => shard.close()) ?? []);
  }

  private get opened(): ShardMap<Shard> {
    if (!this.map) throw new Error('the shards are not open');
    return this.map;
  }
}
