import {
  type DynamicModule,
  Inject,
  Logger,
  Module,
  type OnApplicationShutdown,
  Optional,
} from '@nestjs/common';
import type { Config } from '../config/index.js';
import { openRedis } from './open-redis.js';
import type { RedisEvent } from './redis-connection.js';
import { RedisServers } from './redis-servers.js';

/** The connections to Redis, for every module, where it is configured. Closed after all of them. */
@Module({})
export class RedisModule implements OnApplicationShutdown {
  constructor(@Optional() @Inject(RedisServers) private readonly servers?: RedisServers) {}

  static forRoot({ redis }: Config): DynamicModule {
    if (!redis) return { module: RedisModule, global: true };
    const provider = {
      provide: RedisServers,
      useFactory: () => openRedis(redis, logTo(new Logger('Redis'))),
    };
    return { module: RedisModule, global: true, providers: [provider], exports: [RedisServers] };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.servers?.close();
  }
}

function logTo(logger: Logger) {
  return (event: RedisEvent): void => {
    if (event.kind === 'ready') logger.log('Redis answers');
    else logger.warn({ err: event.error }, 'Redis cannot be reached');
  };
}
