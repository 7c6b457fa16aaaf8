import { RedisUnavailableError } from './redis-unavailable.error.js';

/**
 * What `work` comes to, or RedisUnavailableError once `deadlineMs` have passed; `work` then goes on
 * with nobody to tell.
 */
export function withDeadline<T>(work: Promise<T>, deadlineMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const callOff = startDeadline(deadlineMs, reject);
    work.then(resolve, reject).finally(callOff);
  });
}

/**
 * Calls `giveUp` with a RedisUnavailableError once `deadlineMs` have passed, unless it is called off
 * by what this returns.
 *
 * The deadline is two halves in a row. A process that was busy for longer than the deadline finds
 * its timers due before it has read the answers that came meanwhile: with a single timer it would
 * take its own delay for that of Redis.
 */
export function startDeadline(
  deadlineMs: number,
  giveUp: (error: RedisUnavailableError) => void,
): () => void {
  const passed = () => giveUp(new DeadlineError(`no answer within ${deadlineMs} ms`));
  let timer = setTimeout(() => {
    timer = setTimeout(passed, deadlineMs / 2);
  }, deadlineMs / 2);
  return () => clearTimeout(timer);
}

export class DeadlineError extends RedisUnavailableError {}
