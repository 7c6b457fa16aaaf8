import { z } from 'zod';

const integer = (from: number, to: number, fallback: number) =>
  z
    .string()
    .regex(/^\d+$/, { error: 'must be a whole number' })
    .transform(Number)
    .refine((value) => value >= from && value <= to, { error: `must be from ${from} to ${to}` })
    .default(fallback);

const postgresUrl = z
  .string()
  .refine((value) => isPostgresUrl(value), { error: 'must be a postgres:// URL' });

const postgresUrls = z
  .string()
  .transform((value) => value.split(',').map((url) => url.trim()))
  .refine((urls) => urls.every(isPostgresUrl), {
    error: 'must be postgres:// URLs, separated by commas',
  });

/** Every environment variable that the service reads, with its meaning and its default. */
export const environmentSchema = z.object({
  NODE_ENV: z
    .enum(['development', 'test', 'production'], {
      error: 'must be development, test or production',
    })
    .default('development')
    .describe('What this process runs for.'),
  HOST: z.string().min(1).default('0.0.0.0').describe('Address that the API listens on.'),
  PORT: integer(0, 65_535, 3000).describe('Port that the API listens on; 0 picks a free one.'),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
      error: 'must be fatal, error, warn, info, debug, trace or silent',
    })
    .default('info')
    .describe('Least severe level that is logged.'),
  DATABASE_URL: postgresUrl
    .optional()
    .describe('Primary of the only shard. Either this or SHARDS has to be set.'),
  DATABASE_REPLICA_URLS: postgresUrls
    .optional()
    .describe('Streaming replicas of DATABASE_URL, separated by commas.'),
  SHARDS: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Shards and their buckets, as s0:0-2047,s1:2048-4095. For each of them, ' +
        'SHARD_<NAME>_PRIMARY_URL and optionally SHARD_<NAME>_REPLICA_URLS are read.',
    ),
  DATABASE_POOL_SIZE: integer(1, 200, 10).describe('Connections to each server at most.'),
  DATABASE_CONNECT_TIMEOUT_MS: integer(50, 60_000, 2_000).describe(
    'How long to wait for a connection, new or from the pool, in milliseconds.',
  ),
  DATABASE_STATEMENT_TIMEOUT_MS: integer(50, 60_000, 5_000).describe(
    'How long a statement of a request may take, in milliseconds.',
  ),
});

export type Environment = z.output<typeof environmentSchema>;

/** What is read for each shard that SHARDS names. */
export const shardEnvironmentSchema = z.object({
  PRIMARY_URL: postgresUrl.describe('Primary of the shard.'),
  REPLICA_URLS: postgresUrls
    .optional()
    .describe('Streaming replicas of the shard, separated by commas.'),
});

function isPostgresUrl(value: string): boolean {
  return URL.canParse(value) && /^postgres(ql)?:$/.test(new URL(value).protocol);
}
