import { z } from 'zod';
import { duration, flag, integer } from './fields.js';
import { limitsEnvironmentSchema } from './limits-environment.js';
import { parseTrustedProxies } from './trusted-proxies.js';

const redisUrls = z
  .string()
  .transform((value) => value.split(',').map((url) => url.trim()))
  .refine((urls) => urls.every(isRedisUrl), {
    error: 'must be a redis:// or rediss:// URL, or several of them, separated by commas',
  });

const postgresUrl = z
  .string()
  .refine((value) => isPostgresUrl(value), { error: 'must be a postgres:// URL' });

const postgresUrls = z
  .string()
  .transform((value) => value.split(',').map((url) => url.trim()))
  .refine((urls) => urls.every(isPostgresUrl), {
    error: 'must be postgres:// URLs, separated by commas',
  });

const jwksUrl = z
  .string()
  .refine((value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol), {
    error: 'must be an https:// URL; http:// is for development',
  });

const trustedProxies = z.string().transform((text, context) => {
  const parsed = parseTrustedProxies(text);
  if (typeof parsed !== 'string') return parsed;
  context.addIssue({ code: 'custom', message: parsed });
  return z.NEVER;
});

const names = z
  .string()
  .transform((value) => value.split(',').map((name) => name.trim()))
  .refine((list) => list.every((name) => name !== ''), {
    error: 'must be names, separated by commas',
  });

const nodeEnvironment = z
  .enum(['development', 'test', 'production'], {
    error: 'must be development, test or production',
  })
  .default('development')
  .describe('What this process runs for.');

/** Whose access tokens open the aggregations, which nobody but operations staff may ask for. */
export const authEnvironmentSchema = z.object({
  NODE_ENV: nodeEnvironment,
  JWT_ISSUER: z
    .string()
    .min(1)
    .optional()
    .describe('Who issues access tokens, as their `iss` says. Required in production.'),
  JWT_AUDIENCE: names
    .optional()
    .describe(
      'What access tokens are for, one of which their `aud` has to say, separated by commas. ' +
        'Required in production.',
    ),
  JWT_JWKS_URL: jwksUrl
    .optional()
    .describe(
      "Where the issuer's keys are (JWKS). In production either this or JWT_PUBLIC_KEY is required.",
    ),
  JWT_PUBLIC_KEY: z
    .string()
    .optional()
    .describe(
      "The issuer's public key, RSA or elliptic curve, as PEM; \\n stands for a line's end.",
    ),
  JWT_DEVELOPMENT_SECRET: z
    .string()
    .min(32, { error: 'must have at least 32 characters' })
    .optional()
    .describe('What development tokens are signed with (npm run token). Refused in production.'),
  JWT_ACCESS_TOKENS_ONLY: flag(false).describe(
    'true refuses tokens whose type is not at+jwt (RFC 9068), ID tokens among them. For issuers ' +
      'that set it.',
  ),
  JWT_CLOCK_SKEW: duration(0, 300_000, '30s').describe(
    "How far the issuer's clock and this one may be apart. As 500ms, 10s or 1min.",
  ),
});

/** What the processes of the service share. */
export const redisEnvironmentSchema = z.object({
  REDIS_URL: redisUrls
    .optional()
    .describe(
      'What the processes of the service share: redis://host:port, or rediss:// with TLS; nodes of ' +
        'a cluster are separated by commas. Without it, run one process only: others would not know ' +
        'what it wrote, and might answer from a replica that lags.',
    ),
  REDIS_CLUSTER: flag(false).describe(
    'true if REDIS_URL is one node of a Redis Cluster, or a name before several: the others are ' +
      'learnt from it. Several nodes are a cluster anyway.',
  ),
  REDIS_USERNAME: z
    .string()
    .optional()
    .describe('User of Redis (ACL); the default user unless set here or in REDIS_URL.'),
  REDIS_PASSWORD: z
    .string()
    .optional()
    .describe('Password of Redis, where it is not in REDIS_URL.'),
  REDIS_CA_FILE: z
    .string()
    .optional()
    .describe(
      'File with the certificate authorities that vouch for Redis, as PEM. Those that Node knows ' +
        'unless set.',
    ),
  REDIS_CERT_FILE: z
    .string()
    .optional()
    .describe('File with the certificate to show to Redis, as PEM, where it asks for one.'),
  REDIS_KEY_FILE: z
    .string()
    .optional()
    .describe('File with the private key of that certificate, as PEM.'),
  REDIS_TIMEOUT_MS: integer(5, 10_000, 50).describe(
    'How long Redis may take to answer before a request goes on without it, in milliseconds.',
  ),
});

/** Every environment variable that the service reads, with its meaning and its default. */
export const environmentSchema = z.object({
  NODE_ENV: nodeEnvironment,
  HOST: z.string().min(1).default('0.0.0.0').describe('Address that the API listens on.'),
  PORT: integer(0, 65_535, 3000).describe('Port that the API listens on; 0 picks a free one.'),
  MANAGEMENT_HOST: z
    .string()
    .min(1)
    .default('0.0.0.0')
    .describe('Address that health and metrics listen on.'),
  MANAGEMENT_PORT: integer(0, 65_535, 9090).describe(
    'Port that health and metrics listen on, and nothing else; 0 picks a free one. Unset, and not ' +
      'in production, a free one is picked too where 9090 is taken.',
  ),
  STARTUP_TIMEOUT: duration(0, 3_600_000, '1min').describe(
    'How long a start waits for databases that cannot be reached or are not migrated yet, before ' +
      'the process ends. As 500ms, 10s or 1min.',
  ),
  SHUTDOWN_DELAY: duration(0, 300_000, '5s').describe(
    'How long the process still takes connections after SIGTERM, while it is no longer ready: so ' +
      'long whoever balances load takes to notice. As 500ms, 10s or 1min.',
  ),
  SHUTDOWN_TIMEOUT: duration(100, 3_600_000, '25s').describe(
    'How long after SIGTERM the process ends at the latest, whatever is still running. Less than ' +
      'the grace period of whoever sends SIGTERM. As 500ms, 10s or 1min.',
  ),
  DOCS: flag(true).describe('Whether /docs and /openapi.json are served.'),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
      error: 'must be fatal, error, warn, info, debug, trace or silent',
    })
    .default('info')
    .describe('Least severe level that is logged.'),
  LOG_PRETTY: flag(false).describe(
    'Whether logs are for people to read, not JSON. Refused in production.',
  ),
  TRUST_PROXY: trustedProxies
    .optional()
    .describe(
      'Proxies before the service, whose X-Forwarded-For is believed: their addresses, as ' +
        '10.0.0.0/8,loopback, or how many there are, where nobody can pass them by. Unset, none is.',
    ),
  BUILD_REVISION: z
    .string()
    .regex(/^[\w.-]{1,64}$/, { error: 'must have 1 to 64 letters, digits, dots, hyphens' })
    .default('unknown')
    .describe('The revision that this build was made from, for metrics. The image sets it.'),
  DATABASE_URL: postgresUrl
    .optional()
    .describe('Primary of the only shard. Either this or SHARDS has to be set.'),
  DATABASE_REPLICA_URLS: postgresUrls
    .optional()
    .describe('Streaming replicas of DATABASE_URL, separated by commas.'),
  DATABASE_USER: z
    .string()
    .optional()
    .describe('Who connects to the databases, for those whose URLs and settings name nobody.'),
  DATABASE_PASSWORD: z
    .string()
    .optional()
    .describe('The password of DATABASE_USER, as it is: nothing in it is percent-encoded.'),
  SHARDS: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Shards and their buckets, as s0:0-2047,s1:2048-4095. For each of them, ' +
        'SHARD_<NAME>_PRIMARY_URL and optionally SHARD_<NAME>_REPLICA_URLS, _USER and _PASSWORD ' +
        'are read.',
    ),
  REPLICA_MAX_LAG: duration(100, 600_000, '10s').describe(
    'A replica that lags more is left out until it has caught up. As 500ms, 10s or 1min.',
  ),
  REPLICA_POLL_INTERVAL_MS: integer(10, 10_000, 100).describe(
    'How often the position of each server is asked for, in milliseconds.',
  ),
  REPLICA_TIMEOUT_MS: integer(50, 60_000, 1_000).describe(
    'How long a replica may take to answer before the read goes elsewhere, and a read that nobody ' +
      'can answer waits for a replica to catch up, in milliseconds.',
  ),
  DATABASE_BATCH_SIZE: integer(1, 1_000, 128).describe(
    'Requests that are sent to a server as one statement at most; 1 sends each by itself.',
  ),
  DATABASE_FLIGHTS: integer(1, 100, 1).describe(
    'Statements of one kind that are under way to one server at most. More of them are smaller; ' +
      'they pay where a server is far away or its disks are slow.',
  ),
  DATABASE_QUEUE_LIMIT: integer(1, 1_000_000, 2_000).describe(
    'Requests of one kind that wait for one server at most; more are answered 503 at once.',
  ),
  ...redisEnvironmentSchema.shape,
  CACHE: z
    .enum(['on', 'off'], { error: 'must be on or off' })
    .default('on')
    .describe('off answers every request from the database.'),
  CACHE_PAGE_TTL: duration(1_000, 600_000, '30s').describe(
    'For how long the copy of a page is kept that may still get messages. A message shows at once ' +
      'all the same; this bounds how late one shows that came in past the service, or whose floor ' +
      'could not be told to Redis. As 500ms, 10s or 1min.',
  ),
  CACHE_OLDER_PAGE_TTL: duration(1_000, 86_400_000, '60min').describe(
    'The same of older pages, which do not change unless old messages are imported.',
  ),
  CACHE_MESSAGE_TTL: duration(1_000, 86_400_000, '60min').describe(
    'The same of single messages, which never change.',
  ),
  CACHE_MISSING_TTL: duration(1_000, 600_000, '30s').describe(
    'For how long it is remembered that there is no message with an id.',
  ),
  CACHE_MEMORY_MB: integer(1, 65_536, 64).describe(
    'Memory for copies where there is no Redis, in MiB.',
  ),
  CACHE_NEAR_MEMORY_MB: integer(0, 65_536, 16).describe(
    'Memory for pages that were fetched from Redis within the last seconds, in MiB: of those it is asked only whether they still hold. 0 turns it off.',
  ),
  CACHE_CHECK_INTERVAL: duration(0, 3_600_000, '10s').describe(
    'How often a page that was answered from a copy is compared with what the primary has, by each process. 0 turns it off.',
  ),
  DATABASE_POOL_SIZE: integer(1, 200, 10).describe('Connections to each server at most.'),
  DATABASE_CONNECT_TIMEOUT_MS: integer(50, 60_000, 2_000).describe(
    'How long to wait for a connection, new or from the pool, in milliseconds.',
  ),
  DATABASE_STATEMENT_TIMEOUT_MS: integer(50, 60_000, 5_000).describe(
    'How long a statement of a request may take, in milliseconds.',
  ),
  ...limitsEnvironmentSchema.shape,
  ...authEnvironmentSchema.omit({ NODE_ENV: true }).shape,
});

export type Environment = z.output<typeof environmentSchema>;

/** What is read for each shard that SHARDS names. */
export const shardEnvironmentSchema = z.object({
  PRIMARY_URL: postgresUrl.describe('Primary of the shard.'),
  REPLICA_URLS: postgresUrls
    .optional()
    .describe('Streaming replicas of the shard, separated by commas.'),
  USER: z
    .string()
    .optional()
    .describe("Who connects to the shard's servers; DATABASE_USER unless it is set."),
  PASSWORD: z.string().optional().describe('The password; DATABASE_PASSWORD unless it is set.'),
});

/** A variable that is set to nothing is not set: that is how manifests and shells unset one. */
export function withoutEmpty(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
}

function isPostgresUrl(value: string): boolean {
  return URL.canParse(value) && /^postgres(ql)?:$/.test(new URL(value).protocol);
}

function isRedisUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname, pathname, username, password } = new URL(value);
  try {
    decodeURIComponent(username + password);
  } catch {
    return false;
  }
  return /^rediss?:$/.test(protocol) && hostname !== '' && /^(\/\d{0,3})?$/.test(pathname);
}
