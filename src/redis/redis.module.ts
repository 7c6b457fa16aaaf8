import {
  type DynamicModule,
  Inject,
  Logger,
  Module,
  type OnApplicationShutdown,
  Optional,
} from '@nestjs/common';
import type { Config } from '../config/index.js';
import { RedisConnection, type RedisEvent } from './redis-connection.js';

/** The connection to Redis, for every module, where one is configured. Closed after all of them. */
@Module({})
export class RedisModule implements OnApplicationShutdown {
  constructor(@Optional() @Inject(RedisConnection) private readonly connection?: RedisConnection) {}

  static forRoot({ redis }: Config): DynamicModule {
    if (!redis) return { module: RedisModule, global: true };
    const provider = {
      provide: RedisConnection,
      useFactory: () => RedisConnection.open(redis, logTo(new Logger(RedisConnection.name))),
    };
    return { module: RedisModule, global: true, providers: [provider], exports: [RedisConnection] };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.connection?.close();
  }
}

function logTo(logger: Logger) {
  return (event: RedisEvent): void => {
    if (event.kind === 'ready') logger.log('Redis answers');
    else logger.warn({ err: event.error }, 'Redis cannot be reached');
  };
}
