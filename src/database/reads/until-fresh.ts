import { setTimeout as sleep } from 'node:timers/promises';
import { OverloadedError } from '../../errors/index.js';
import { isTransient } from '../unavailable.js';

export interface Patience {
  /** From the begin of the read, in milliseconds. */
  readonly timeoutMs: number;
  readonly intervalMs: number;
  /** Whether there is a replica that may be found fresh enough in a moment. */
  readonly mayFreshen: () => boolean;
}

/**
 * Reads again while nobody can answer but a replica is in use. A primary that is stopped has sent
 * all it had to its replicas, so one of them has the last word of every tag; but until each has been
 * asked again how far it is, none is known to.
 */
export async function untilFresh<T>(
  read: () => Promise<T>,
  { timeoutMs, intervalMs, mayFreshen }: Patience,
): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await read();
    } catch (error) {
      const hopeless = error instanceof OverloadedError || !isTransient(error) || !mayFreshen();
      if (hopeless || performance.now() >= end) throw error;
      await sleep(intervalMs);
    }
  }
}
