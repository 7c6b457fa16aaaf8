import type { z } from 'zod';
import { type AuthConfig, readAuth } from './auth.js';
import {
  authEnvironmentSchema,
  environmentSchema,
  redisEnvironmentSchema,
  shardEnvironmentSchema,
  type Environment,
  withoutEmpty,
} from './environment.js';
import { type Credentials, withCredentials } from './credentials.js';
import {
  type HttpConfig,
  limitFaults,
  type OverloadConfig,
  readHttp,
  readOverload,
} from './limits.js';
import { readVersion } from './project-files.js';
import { readRedis, type RedisConfig } from './redis.js';
import { ALL_BUCKETS, parseShardList, type ShardConfig } from './shards.js';

export interface DatabaseConfig {
  readonly shards: readonly ShardConfig[];
  readonly poolSize: number;
  readonly connectTimeoutMs: number;
  readonly statementTimeoutMs: number;
  /** For the databases to be such that the service can start. */
  readonly startupTimeoutMs: number;
  readonly replicas: ReplicaConfig;
  readonly batching: BatchingConfig;
}

export interface ReplicaConfig {
  readonly maxLagMs: number;
  readonly pollIntervalMs: number;
  readonly timeoutMs: number;
}

export interface BatchingConfig {
  readonly maxItems: number;
  readonly maxFlights: number;
  readonly maxWaiting: number;
}

export interface ManagementConfig {
  readonly host: string;
  readonly port: number;
  /** Nobody has said which port, and nobody relies on it. */
  readonly otherPortIfTaken: boolean;
}

export interface ShutdownConfig {
  readonly delayMs: number;
  /** The delay included. */
  readonly timeoutMs: number;
}

/** Which build of the service this is. */
export interface BuildConfig {
  /** As package.json has it. */
  readonly version: string;
  readonly revision: string;
}

export interface LogConfig {
  readonly level: Environment['LOG_LEVEL'];
  /** Lines for people to read, not JSON. */
  readonly pretty: boolean;
}

export interface CacheConfig {
  readonly enabled: boolean;
  readonly pageTtlMs: number;
  readonly olderPageTtlMs: number;
  readonly messageTtlMs: number;
  readonly missingTtlMs: number;
  readonly memoryBytes: number;
  /** Of pages that Redis has as well; 0 for none. */
  readonly nearBytes: number;
  /** From one check of a copy to the next, in milliseconds; 0 for none. */
  readonly checkIntervalMs: number;
}

export interface Config {
  readonly environment: Environment['NODE_ENV'];
  readonly build: BuildConfig;
  readonly http: HttpConfig;
  readonly overload: OverloadConfig;
  readonly management: ManagementConfig;
  readonly shutdown: ShutdownConfig;
  readonly log: LogConfig;
  readonly database: DatabaseConfig;
  /** Undefined where one process runs alone. */
  readonly redis: RedisConfig | undefined;
  readonly cache: CacheConfig;
  /** Undefined where no key of an issuer is configured: then nobody may ask for aggregations. */
  readonly auth: AuthConfig | undefined;
}

/** Every fault of the environment, one a line, each with its variable's name and never its value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly faults: readonly string[]) {
    super(`The configuration has faults:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
  }
}

/** @throws ConfigError with every fault at once */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const faults: string[] = [];
  const given = withoutEmpty(env);
  const parsed = environmentSchema.safeParse(given);
  if (!parsed.success) faults.push(...describe(parsed.error));
  if (given['LOG_PRETTY'] === 'true' && given['NODE_ENV'] === 'production') {
    faults.push('LOG_PRETTY: must not be true in production');
  }
  const shards = readShards(given, faults);
  const redisValues = redisEnvironmentSchema.safeParse(given);
  const redis = redisValues.success ? readRedis(redisValues.data, faults) : undefined;
  const authValues = authEnvironmentSchema.safeParse(given);
  const auth = authValues.success ? readAuth(authValues.data, faults) : undefined;
  if (parsed.success) faults.push(...contradictions(parsed.data));
  if (!parsed.success || faults.length > 0) throw new ConfigError(faults);
  const values = parsed.data;
  return {
    environment: values.NODE_ENV,
    build: { version: readVersion(), revision: values.BUILD_REVISION },
    http: readHttp(values),
    overload: readOverload(values),
    management: {
      host: values.MANAGEMENT_HOST,
      port: values.MANAGEMENT_PORT,
      otherPortIfTaken: given['MANAGEMENT_PORT'] === undefined && values.NODE_ENV !== 'production',
    },
    shutdown: { delayMs: values.SHUTDOWN_DELAY, timeoutMs: values.SHUTDOWN_TIMEOUT },
    log: { level: values.LOG_LEVEL, pretty: values.LOG_PRETTY },
    database: {
      shards,
      poolSize: values.DATABASE_POOL_SIZE,
      connectTimeoutMs: values.DATABASE_CONNECT_TIMEOUT_MS,
      statementTimeoutMs: values.DATABASE_STATEMENT_TIMEOUT_MS,
      startupTimeoutMs: values.STARTUP_TIMEOUT,
      replicas: {
        maxLagMs: values.REPLICA_MAX_LAG,
        pollIntervalMs: values.REPLICA_POLL_INTERVAL_MS,
        timeoutMs: values.REPLICA_TIMEOUT_MS,
      },
      batching: {
        maxItems: values.DATABASE_BATCH_SIZE,
        maxFlights: values.DATABASE_FLIGHTS,
        maxWaiting: values.DATABASE_QUEUE_LIMIT,
      },
    },
    redis,
    cache: {
      enabled: values.CACHE === 'on',
      pageTtlMs: values.CACHE_PAGE_TTL,
      olderPageTtlMs: values.CACHE_OLDER_PAGE_TTL,
      messageTtlMs: values.CACHE_MESSAGE_TTL,
      missingTtlMs: values.CACHE_MISSING_TTL,
      memoryBytes: values.CACHE_MEMORY_MB * 1024 * 1024,
      nearBytes: values.CACHE_NEAR_MEMORY_MB * 1024 * 1024,
      checkIntervalMs: values.CACHE_CHECK_INTERVAL,
    },
    auth,
  };
}

/**
 * What concerns access tokens alone, for commands that need no database.
 *
 * @throws ConfigError
 */
export function readAuthConfig(env: NodeJS.ProcessEnv = process.env): AuthConfig | undefined {
  const faults: string[] = [];
  const parsed = authEnvironmentSchema.safeParse(withoutEmpty(env));
  if (!parsed.success) throw new ConfigError(describe(parsed.error));
  const auth = readAuth(parsed.data, faults);
  if (faults.length > 0) throw new ConfigError(faults);
  return auth;
}

function readShards(env: NodeJS.ProcessEnv, faults: string[]): ShardConfig[] {
  const { SHARDS: list, DATABASE_URL: url, DATABASE_REPLICA_URLS: replicaUrls } = env;
  const anybody: Credentials = { user: env['DATABASE_USER'], password: env['DATABASE_PASSWORD'] };
  if (list === undefined) {
    if (url === undefined) {
      faults.push('DATABASE_URL: is required, unless SHARDS is set');
      return [];
    }
    const replicas = replicaUrls?.split(',').map((replica) => replica.trim()) ?? [];
    const fill = (value: string) => withCredentials(value, anybody);
    return [
      {
        name: 'main',
        buckets: ALL_BUCKETS,
        primaryUrl: fill(url),
        replicaUrls: replicas.map(fill),
      },
    ];
  }
  if (url !== undefined) faults.push('DATABASE_URL: must not be set together with SHARDS');
  if (replicaUrls !== undefined) {
    faults.push('DATABASE_REPLICA_URLS: must not be set together with SHARDS');
  }
  const layout = parseShardList(list);
  faults.push(...layout.faults.map((fault) => `SHARDS: ${fault}`));
  return layout.shards.flatMap(({ name, buckets }) => {
    const prefix = `SHARD_${name.toUpperCase()}_`;
    const variables = Object.keys(shardEnvironmentSchema.shape);
    const given = Object.fromEntries(variables.map((key) => [key, env[`${prefix}${key}`]]));
    const parsed = shardEnvironmentSchema.safeParse(given);
    if (!parsed.success) {
      faults.push(...describe(parsed.error, prefix));
      return [];
    }
    const { PRIMARY_URL: primaryUrl, REPLICA_URLS: shardReplicaUrls = [] } = parsed.data;
    const { USER: user = anybody.user, PASSWORD: password = anybody.password } = parsed.data;
    const fill = (value: string) => withCredentials(value, { user, password });
    return [
      { name, buckets, primaryUrl: fill(primaryUrl), replicaUrls: shardReplicaUrls.map(fill) },
    ];
  });
}

/** What each variable says may be right by itself, and wrong beside another. */
function contradictions(values: Environment): string[] {
  const faults = limitFaults(values);
  if (values.PORT !== 0 && values.PORT === values.MANAGEMENT_PORT) {
    faults.push('MANAGEMENT_PORT: must not be PORT');
  }
  if (values.SHUTDOWN_DELAY >= values.SHUTDOWN_TIMEOUT) {
    faults.push('SHUTDOWN_DELAY: must be less than SHUTDOWN_TIMEOUT');
  }
  return faults;
}

function describe(error: z.ZodError, prefix = ''): string[] {
  return error.issues.map(({ path, message, code }) => {
    const missing = code === 'invalid_type' ? 'is required' : message;
    return `${prefix}${path.join('.')}: ${missing}`;
  });
}
