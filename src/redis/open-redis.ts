import type { RedisAddress, RedisConfig } from '../config/index.js';
import { RedisCluster } from './redis-cluster.js';
import { RedisConnection, type ServerEvent } from './redis-connection.js';
import type { RedisServers } from './redis-servers.js';
import { SingleRedisServer } from './single-redis-server.js';

/** Begins to connect and returns at once. */
export function openRedis(
  config: RedisConfig,
  onEvent: (event: ServerEvent, server: RedisAddress) => void = () => undefined,
): RedisServers {
  if (config.cluster) return RedisCluster.open(config, onEvent);
  const { nodes, cluster: _, ...options } = config;
  const [address] = nodes;
  return new SingleRedisServer(
    RedisConnection.open({ address, ...options }, (event) => onEvent(event, address)),
  );
}
