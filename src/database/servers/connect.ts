import { PrismaPg } from '@prisma/adapter-pg';
import { Pool, type PoolClient } from 'pg';
import { PrismaClient } from '../generated/client.js';
import { type HotStatement, nameStatements } from './hot-statement.js';

export interface ConnectionLimits {
  readonly poolSize: number;
  /** For a connection, new or from the pool. */
  readonly connectTimeoutMs: number;
  readonly statementTimeoutMs: number;
}

export interface PoolUse {
  /** Connections that are open and do nothing. */
  readonly idle: number;
  /** Connections that are in use, or being opened. */
  readonly busy: number;
  /** Calls that wait for one. */
  readonly waiting: number;
}

export interface Connections {
  readonly client: PrismaClient;
  /** How much of the pool is in use now. */
  readonly use: () => PoolUse;
}

/** What the server is given to end a statement itself before it is given up here. */
const GRACE_MS = 250;

/**
 * Plans that are made for each execution come out the same for every page and every insert, and
 * cost a third of a page that is asked for alone.
 */
const PLAN_ONCE = '-c plan_cache_mode=force_generic_plan';

/**
 * A pool of connections to one server. Every wait has a deadline: for a connection (pg-pool waits
 * for ever by default), for a statement on the server, and, should the server not answer at all,
 * for its answer here. A connection on which anything failed is not used again.
 */
export function connect(
  url: string,
  limits: ConnectionLimits,
  { hot, onlyPrimary }: { readonly hot: readonly HotStatement[]; readonly onlyPrimary: boolean },
): Connections {
  const pool = new Pool({
    connectionString: url,
    max: limits.poolSize,
    connectionTimeoutMillis: limits.connectTimeoutMs,
    statement_timeout: limits.statementTimeoutMs,
    query_timeout: limits.statementTimeoutMs + GRACE_MS,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    application_name: 'messages',
    ...(hot.length > 0 && { options: PLAN_ONCE }),
    ...(onlyPrimary && { verify: refuseStandby }),
  });
  const adapter = new PrismaPg(pool, {
    disposeExternalPool: true,
    statementNameGenerator: nameStatements(hot),
  });
  const use = () => {
    const { totalCount, idleCount: idle, waitingCount: waiting } = pool;
    return { idle, busy: totalCount - idle, waiting };
  };
  return { client: new PrismaClient({ adapter }), use };
}

/**
 * During a failover the primary's address may lead to a server that is still, or again, a standby.
 * A read there would be stale, so such a connection is never used: libpq's
 * `target_session_attrs=read-write`, which pg lacks.
 */
function refuseStandby(client: PoolClient, done: (error?: Error) => void): void {
  const isStandby = 'SELECT pg_is_in_recovery() AS standby';
  client.query<{ standby: boolean }>(isStandby, (error: Error | undefined, result) => {
    done(error ?? (result.rows[0]?.standby ? new StandbyError() : undefined));
  });
}

class StandbyError extends Error {
  override readonly name = 'StandbyError';
  /** read_only_sql_transaction, which is what a write there would be refused with. */
  readonly code = '25006';

  constructor() {
    super('the address of the primary leads to a standby');
  }
}
