export { backoffMs } from './backoff.js';
export { withDeadline } from './deadline.js';
export type { RedisClient } from './redis-client.js';
export { RedisConnection, type RedisEvent } from './redis-connection.js';
export { RedisScript } from './redis-script.js';
export { RedisUnavailableError } from './redis-unavailable.error.js';
