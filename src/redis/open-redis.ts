import type { RedisConfig } from '../config/index.js';
import { RedisConnection, type RedisEvent } from './redis-connection.js';
import type { RedisServers } from './redis-servers.js';
import { SingleRedisServer } from './single-redis-server.js';

/** Begins to connect and returns at once. */
export function openRedis(
  config: RedisConfig,
  onEvent?: (event: RedisEvent) => void,
): RedisServers {
  return new SingleRedisServer(RedisConnection.open(config, onEvent));
}
