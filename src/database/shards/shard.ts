import { PrismaPg } from '@prisma/adapter-pg';
import type { BucketRange, DatabaseConfig, ShardConfig } from '../../config/index.js';
import { PrismaClient } from '../generated/client.js';

/** One PostgreSQL cluster: a primary, and replicas that follow it. */
export class Shard {
  readonly name: string;
  readonly buckets: readonly BucketRange[];
  /** Takes every insert, and every read until replicas are known to be fresh enough. */
  readonly primary: PrismaClient;

  constructor(config: ShardConfig, limits: DatabaseConfig) {
    this.name = config.name;
    this.buckets = config.buckets;
    this.primary = connect(config.primaryUrl, limits);
  }

  async close(): Promise<void> {
    await this.primary.$disconnect();
  }
}

/**
 * Every wait has a deadline: for a connection (pg-pool waits for ever by default), for a statement
 * on the server, and, should the server not answer at all, for its answer here.
 */
function connect(url: string, limits: DatabaseConfig): PrismaClient {
  const adapter = new PrismaPg({
    connectionString: url,
    max: limits.poolSize,
    connectionTimeoutMillis: limits.connectTimeoutMs,
    statement_timeout: limits.statementTimeoutMs,
    query_timeout: limits.statementTimeoutMs + 500,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    application_name: 'messages',
  });
  return new PrismaClient({ adapter });
}
