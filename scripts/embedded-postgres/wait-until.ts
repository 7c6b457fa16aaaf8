import { setTimeout as sleep } from 'node:timers/promises';

/** Thrown by `waitUntil` when its deadline passes. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}

/**
 * Asks `check` again and again until it answers something other than `undefined` or `false`.
 * What `check` throws ends the wait at once, so that a hopeless wait need not run to its deadline.
 */
export async function waitUntil<T>(
  what: string,
  deadlineMs: number,
  check: () => Promise<T | undefined | false> | T | undefined | false,
  intervalMs = 50,
): Promise<T> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const answer = await check();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() >= end) {
      throw new DeadlineError(`gave up waiting for ${what} after ${deadlineMs} ms`);
    }
    await sleep(intervalMs);
  }
}

/** Whether `promise` settles within the deadline; what it rejects with is thrown. */
export async function settlesWithin(promise: Promise<unknown>, deadlineMs: number) {
  const timer = new AbortController();
  const late = sleep(deadlineMs, false, { signal: timer.signal }).catch(() => false);
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    timer.abort();
  }
}
