import { Client, type QueryConfig } from 'pg';
import { DatabaseStateError } from './database-state.error.js';

const CONNECT_TIMEOUT_MS = 10_000;
const STATEMENT_TIMEOUT_MS = 10_000;
/** Not the lock of the schema engine itself (72707369), which it takes inside of this one. */
const MIGRATE_LOCK = 72_707_370;

/** Runs `work` on one connection to a shard's primary, closed afterwards. */
export async function withSession<T>(
  shard: { readonly name: string; readonly primaryUrl: string },
  work: (session: Client) => Promise<T>,
  statementTimeoutMs = STATEMENT_TIMEOUT_MS,
): Promise<T> {
  const session = new Client({
    connectionString: shard.primaryUrl,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + 1_000,
    application_name: 'messages-migrate',
  });
  // A connection that breaks while nothing is asked of it has nobody else to tell.
  session.on('error', () => undefined);
  try {
    await session.connect();
  } catch (cause) {
    throw new DatabaseStateError(shard.name, 'its primary cannot be reached', {
      cause,
      mayPass: true,
    });
  }
  try {
    return await work(session);
  } finally {
    await session.end();
  }
}

/**
 * Runs `work` while no other process does so on this database. The lock ends with the session, so
 * a process that dies lets go of it.
 *
 * @throws DatabaseStateError if another process holds the lock for longer than `waitMs`
 */
export async function withMigrateLock<T>(
  shard: string,
  session: Client,
  waitMs: number,
  work: () => Promise<T>,
): Promise<T> {
  await session.query(`SET statement_timeout = ${waitMs}`);
  try {
    await session.query({
      text: 'SELECT pg_advisory_lock($1)',
      values: [MIGRATE_LOCK],
      query_timeout: waitMs + 1_000,
    } as QueryConfig);
  } catch (cause) {
    throw new DatabaseStateError(
      shard,
      `another process has been migrating it for more than ${waitMs / 1000} s; try again later`,
      { cause },
    );
  }
  try {
    await session.query(`SET statement_timeout = ${STATEMENT_TIMEOUT_MS}`);
    return await work();
  } finally {
    await session.query('SELECT pg_advisory_unlock($1)', [MIGRATE_LOCK]);
  }
}
