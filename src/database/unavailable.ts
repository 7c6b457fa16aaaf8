import { UnavailableError } from '../errors/index.js';

const RETRY_AFTER_SECONDS = 1;

/** Prisma's codes for a server that is not there, is too slow, or has no connection left. */
const PRISMA_CODES = new Set(['P1001', 'P1002', 'P1003', 'P1008', 'P1017', 'P2024', 'P2037']);

/**
 * SQLSTATE: 08 connection, 53 resources, 57 operator's intervention (shutdown, statement timeout),
 * 25006 read-only (a primary that became a replica), 3D000 no such database.
 */
const SQLSTATE = /^(08...|53...|57...|25006|3D000)$/;

const SYSTEM_CODES = /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_)/;

/** What pg and pg-pool throw without a code. */
const MESSAGES =
  /timeout|Connection terminated|connection is closed|not queryable|too many clients/i;

/** Runs a call to the database; a database that cannot serve it becomes `UnavailableError`. */
export async function orUnavailable<T>(shard: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!isUnavailable(error)) throw error;
    throw new UnavailableError(`shard ${shard} cannot be reached`, RETRY_AFTER_SECONDS, {
      cause: error,
    });
  }
}

function isUnavailable(error: unknown): boolean {
  for (let at: unknown = error, depth = 0; at instanceof Object && depth < 8; depth++) {
    const { code, originalCode, errorCode, message, cause } = at as Record<string, unknown>;
    for (const each of [code, originalCode, errorCode]) {
      if (typeof each !== 'string') continue;
      if (PRISMA_CODES.has(each) || SQLSTATE.test(each) || SYSTEM_CODES.test(each)) return true;
    }
    if (typeof message === 'string' && MESSAGES.test(message)) return true;
    at = cause ?? (at as { meta?: { driverAdapterError?: unknown } }).meta?.driverAdapterError;
  }
  return false;
}
