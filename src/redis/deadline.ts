import { RedisUnavailableError } from './redis-unavailable.error.js';

/**
 * What `work` comes to, or RedisUnavailableError once `deadlineMs` have passed; `work` then goes on
 * with nobody to tell.
 *
 * The deadline is two halves in a row. A process that was busy for longer than the deadline finds
 * its timers due before it has read the answers that came meanwhile: with a single timer it would
 * take its own delay for that of Redis.
 */
export function withDeadline<T>(work: Promise<T>, deadlineMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(new DeadlineError(`no answer within ${deadlineMs} ms`));
    let timer = setTimeout(() => {
      timer = setTimeout(giveUp, deadlineMs / 2);
    }, deadlineMs / 2);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

export class DeadlineError extends RedisUnavailableError {}
