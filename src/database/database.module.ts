import { Inject, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { CountsRepository } from '../aggregation/counts.repository.js';
import { Freshness } from '../cache/freshness.js';
import { CONFIG, type Config } from '../config/index.js';
import { StorageHealth } from '../health/storage-health.js';
import { MessagesRepository } from '../messages/messages.repository.js';
import { RedisServers } from '../redis/index.js';
import { ShardedCountsRepository } from './counts/sharded-counts.repository.js';
import { DATABASE_OBSERVER, databaseMetrics } from './database.metrics.js';
import type { DatabaseObserver } from './database-observer.js';
import { createFloors } from './freshness/create-floors.js';
import { FreshnessFloors } from './freshness/freshness-floors.js';
import { ShardedMessagesRepository } from './messages/sharded-messages.repository.js';
import { ShardsHealth } from './shards/shards-health.js';
import { shardMetrics } from './shards/shard.metrics.js';
import { Shards } from './shards/shards.js';
import { ShardedFreshness } from './sharded-freshness.js';

@Module({
  providers: [
    ...databaseMetrics,
    ...shardMetrics,
    {
      provide: FreshnessFloors,
      inject: [CONFIG, DATABASE_OBSERVER, { token: RedisServers, optional: true }],
      useFactory: createFloors,
    },
    {
      provide: Shards,
      inject: [CONFIG, FreshnessFloors, DATABASE_OBSERVER],
      useFactory: ({ database }: Config, floors: FreshnessFloors, observer: DatabaseObserver) =>
        new Shards(database, floors, observer),
    },
    {
      provide: StorageHealth,
      useFactory: (shards: Shards) => new ShardsHealth(shards),
      inject: [Shards],
    },
    { provide: MessagesRepository, useClass: ShardedMessagesRepository },
    { provide: Freshness, useClass: ShardedFreshness },
    { provide: CountsRepository, useClass: ShardedCountsRepository },
  ],
  exports: [MessagesRepository, CountsRepository, Freshness, StorageHealth],
})
export class DatabaseModule implements OnModuleInit, OnApplicationShutdown {
  constructor(
    @Inject(Shards) private readonly shards: Shards,
    @Inject(FreshnessFloors) private readonly floors: FreshnessFloors,
  ) {}

  onModuleInit(): Promise<void> {
    return this.shards.open();
  }

  /** The shards first: what they finish raises floors. */
  async onApplicationShutdown(): Promise<void> {
    await this.shards.close();
    await this.floors.close();
  }
}
