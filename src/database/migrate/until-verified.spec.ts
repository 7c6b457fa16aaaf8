import { expect, it, jest } from '@jest/globals';
import { DatabaseStateError } from './database-state.error.js';
import { untilVerified } from './until-verified.js';

const down = new DatabaseStateError('s0', 'its primary cannot be reached', { mayPass: true });
const wrong = new DatabaseStateError('s0', 'its database owns other buckets');

const options = (timeoutMs: number) => ({
  timeoutMs,
  signal: new AbortController().signal,
  onWait: jest.fn(),
});

it('waits for what may pass', async () => {
  const verify = jest.fn<() => Promise<string>>().mockRejectedValueOnce(down);
  verify.mockResolvedValueOnce('verified');
  const wait = options(60_000);
  expect(await untilVerified(verify, wait)).toBe('verified');
  expect(wait.onWait.mock.calls).toEqual([[down]]);
});

it('does not wait for what cannot pass', async () => {
  const verify = jest.fn<() => Promise<string>>().mockRejectedValue(wrong);
  await expect(untilVerified(verify, options(60_000))).rejects.toBe(wrong);
  expect(verify).toHaveBeenCalledTimes(1);
});

it('gives up after its time, with the last failure', async () => {
  const verify = jest.fn<() => Promise<string>>().mockRejectedValue(down);
  await expect(untilVerified(verify, options(0))).rejects.toBe(down);
});

it('gives up when it is told to', async () => {
  const stopped = new AbortController();
  const verify = jest.fn<() => Promise<string>>().mockRejectedValue(down);
  const onWait = () => stopped.abort();
  const wait = { timeoutMs: 60_000, signal: stopped.signal, onWait };
  await expect(untilVerified(verify, wait)).rejects.toBe(down);
});
