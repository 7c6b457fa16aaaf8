import type { DatabaseConfig } from '../../config/index.js';
import { Shard } from './shard.js';
import { ShardMap } from './shard-map.js';

/** All the shards of the configuration, each with its connections. */
export class Shards {
  private readonly map: ShardMap<Shard>;

  constructor(config: DatabaseConfig) {
    this.map = new ShardMap(config.shards.map((shard) => new Shard(shard, config)));
  }

  of(bucket: number): Shard {
    return this.map.of(bucket);
  }

  async close(): Promise<void> {
    await Promise.all(this.map.shards.map((shard) => shard.close()));
  }
}
