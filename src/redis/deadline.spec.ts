import { describe, expect, it } from '@jest/globals';
import { DeadlineError, withDeadline } from './deadline.js';

describe(withDeadline.name, () => {
  it('passes on what comes in time, good or bad', async () => {
    expect(await withDeadline(Promise.resolve('yes'), 10_000)).toBe('yes');
    const reason = new Error('no');
    await expect(withDeadline(Promise.reject(reason), 10_000)).rejects.toBe(reason);
  });

  it('gives up what does not come', async () => {
    await expect(withDeadline(deferred().promise, 10)).rejects.toBeInstanceOf(DeadlineError);
  });

  it('leaves no failure unhandled that comes too late', async () => {
    const { promise, reject } = deferred();
    await expect(withDeadline(promise, 10)).rejects.toBeInstanceOf(DeadlineError);
    const unhandled: unknown[] = [];
    const note = (error: unknown) => unhandled.push(error);
    process.on('unhandledRejection', note);
    reject(new Error('too late'));
    await new Promise(setImmediate);
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });

  it('does not take the delay of a busy process for that of what it waits for', async () => {
    const { promise, resolve } = deferred();
    const waiting = withDeadline(promise, 200);
    const busyUntil = performance.now() + 250;
    while (performance.now() < busyUntil);
    // The answer is read in the turn after the one in which the timer is found to be due.
    setImmediate(() => setImmediate(() => resolve('here')));
    expect(await waiting).toBe('here');
  });
});

function deferred() {
  const settle: { resolve?: (text: string) => void; reject?: (error: Error) => void } = {};
  const promise = new Promise<string>((resolve, reject) =>
    Object.assign(settle, { resolve, reject }),
  );
  return { promise, ...(settle as Required<typeof settle>) };
}
