import type { RedisAddress, RedisConfig } from '../config/index.js';
import { RedisConnection, type RedisEvent } from './redis-connection.js';
import type { RedisServers } from './redis-servers.js';
import { SingleRedisServer } from './single-redis-server.js';

/** Begins to connect and returns at once. */
export function openRedis(
  { nodes: [address], cluster: _, ...options }: RedisConfig,
  onEvent: (event: RedisEvent, server: RedisAddress) => void = () => undefined,
): RedisServers {
  return new SingleRedisServer(
    RedisConnection.open({ address, ...options }, (event) => onEvent(event, address)),
  );
}
