import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseStateError } from './database-state.error.js';

export interface WaitOptions {
  /** How long to go on, in milliseconds; with 0 there is one attempt. */
  readonly timeoutMs: number;
  /** Ends the wait. */
  readonly signal: AbortSignal;
  /** Told of each failure after which it is tried again. */
  readonly onWait: (error: Error) => void;
}

const INTERVAL_MS = 500;

/**
 * Runs `verify` until it succeeds, or what it fails with cannot pass by itself. A server that is
 * restarted and migrations that are under way do pass: to end the process instead would leave its
 * start to the back-off of whoever restarts it, minutes after the servers are back.
 *
 * @throws what `verify` failed with last
 */
export async function untilVerified<T>(
  verify: () => Promise<T>,
  { timeoutMs, signal, onWait }: WaitOptions,
): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await verify();
    } catch (error) {
      const hopeless = error instanceof DatabaseStateError && !error.mayPass;
      if (hopeless || signal.aborted || performance.now() >= end) throw error;
      onWait(error as Error);
      await sleep(INTERVAL_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}
