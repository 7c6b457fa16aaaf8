import { OverloadedError, UnavailableError } from '../errors/index.js';

const RETRY_AFTER_SECONDS = 1;

/** Prisma's codes for a server that is not there, is too slow, or has no connection left. */
const PRISMA_CODES = new Set(['P1001', 'P1002', 'P1003', 'P1008', 'P1017', 'P2024', 'P2037']);

/**
 * SQLSTATE: 08 connection, 53 resources, 57 operator's intervention (shutdown, statement timeout),
 * 25006 read-only (a primary that became a replica), 3D000 no such database.
 */
const SQLSTATE = /^(08...|53...|57...|25006|3D000)$/;

/** 40: a statement that a replica gave up for what it has to replay, or that lost a deadlock. */
const ROLLED_BACK = /^40...$/;

/** 22 bad data, 23 a constraint that is violated. */
const REFUSED_DATA = /^(22|23)...$/;

const SYSTEM_CODES = /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_)/;

/** What @prisma/adapter-pg makes of broken sockets; their system codes do not survive it. */
const DRIVER_KINDS = new Set(['ConnectionClosed', 'DatabaseNotReachable', 'SocketTimeout']);

/** What pg and pg-pool throw without a code. */
const MESSAGES =
  /timeout|Connection terminated|connection is closed|not queryable|too many clients/i;

/** Runs a call to the database; a database that cannot serve it becomes `UnavailableError`. */
export async function orUnavailable<T>(shard: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof OverloadedError || !isTransient(error)) throw error;
    throw new UnavailableError(`shard ${shard} cannot be reached`, RETRY_AFTER_SECONDS, {
      cause: error,
    });
  }
}

/** Whether the same call may succeed elsewhere, or again. */
export function isTransient(error: unknown): boolean {
  return isUnavailable(error) || codesOf(error).some((code) => ROLLED_BACK.test(code));
}

/** Whether the server cannot serve this call, nor any other now. */
export function isUnavailable(error: unknown): boolean {
  return (
    chain(error).some(
      (each) =>
        each instanceof UnavailableError ||
        DRIVER_KINDS.has(String(each['kind'])) ||
        MESSAGES.test(String(each['message'])),
    ) ||
    codesOf(error).some(
      (code) => PRISMA_CODES.has(code) || SQLSTATE.test(code) || SYSTEM_CODES.test(code),
    )
  );
}

/** Whether the server refused what a row says, and would refuse it again. */
export function isRefusedData(error: unknown): boolean {
  return codesOf(error).some((code) => REFUSED_DATA.test(code));
}

function codesOf(error: unknown): string[] {
  return chain(error)
    .flatMap(({ code, originalCode, errorCode }) => [code, originalCode, errorCode])
    .filter((code) => typeof code === 'string');
}

/** Prisma wraps what the driver says more than once, not always as a cause. */
function chain(error: unknown): Record<string, unknown>[] {
  const errors: Record<string, unknown>[] = [];
  for (let at: unknown = error; at instanceof Object && errors.length < 8;) {
    errors.push(at as Record<string, unknown>);
    const { cause, meta } = at as {
      cause?: unknown;
      meta?: { driverAdapterError?: unknown };
    };
    at = cause ?? meta?.driverAdapterError;
  }
  return errors;
}
