export { backoffMs } from './backoff.js';
export { startDeadline, withDeadline } from './deadline.js';
export { openRedis } from './open-redis.js';
export type { RedisClient } from './redis-client.js';
export { RedisConnection, type RedisEvent } from './redis-connection.js';
export { RedisScript } from './redis-script.js';
export { RedisServers } from './redis-servers.js';
export { RedisState } from './redis-state.js';
export { RedisUnavailableError } from './redis-unavailable.error.js';
