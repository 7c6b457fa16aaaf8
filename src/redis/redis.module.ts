import {
  type DynamicModule,
  Inject,
  Logger,
  Module,
  type OnApplicationShutdown,
  Optional,
} from '@nestjs/common';
import type { Config, RedisAddress } from '../config/index.js';
import { reasonOf } from './failure-reason.js';
import { openRedis } from './open-redis.js';
import type { ServerEvent } from './redis-connection.js';
import { RedisState } from './redis-state.js';
import { RedisServers } from './redis-servers.js';

/** The connections to Redis, for every module, where it is configured. Closed after all of them. */
@Module({})
export class RedisModule implements OnApplicationShutdown {
  constructor(@Optional() @Inject(RedisServers) private readonly servers?: RedisServers) {}

  static forRoot({ redis }: Config): DynamicModule {
    if (!redis) return { module: RedisModule, global: true };
    const state = new RedisState();
    const log = logTo(new Logger('Redis'));
    const onEvent = (event: ServerEvent, server: RedisAddress) => {
      state.note(event, server);
      log(event, server);
    };
    return {
      module: RedisModule,
      global: true,
      providers: [
        { provide: RedisServers, useFactory: () => openRedis(redis, onEvent) },
        { provide: RedisState, useValue: state },
      ],
      exports: [RedisServers, RedisState],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.servers?.close();
  }
}

function logTo(logger: Logger) {
  return (event: ServerEvent, { host, port }: RedisAddress): void => {
    const server = `${host}:${port}`;
    if (event.kind === 'ready') logger.log({ server }, 'Redis answers');
    else if (event.kind === 'left') logger.log({ server }, 'Redis has another master now');
    else logger.warn({ server, reason: reasonOf(event.error) }, 'Redis cannot be reached');
  };
}
