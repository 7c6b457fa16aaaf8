export type { Algorithm, AuthConfig, KeySource } from './auth.js';
export { CONFIG, ConfigModule } from './config.module.js';
export {
  type BatchingConfig,
  type BuildConfig,
  type CacheConfig,
  type Config,
  ConfigError,
  type DatabaseConfig,
  type LogConfig,
  readAuthConfig,
  type ManagementConfig,
  readConfig,
  type ShutdownConfig,
  type ReplicaConfig,
} from './config.js';
export type { Rate } from './fields.js';
export type { HttpConfig, OverloadConfig, SheddingConfig } from './limits.js';
export type { RedisAddress, RedisConfig, RedisTls } from './redis.js';
export { environmentSchema, shardEnvironmentSchema } from './environment.js';
export { findUpwards } from './project-files.js';
export { type BucketRange, formatBucketRanges, type ShardConfig } from './shards.js';
export type { TrustedProxies } from './trusted-proxies.js';
