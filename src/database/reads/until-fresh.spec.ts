import { expect, it, jest } from '@jest/globals';
import { OverloadedError, UnavailableError } from '../../errors/index.js';
import { untilFresh } from './until-fresh.js';

const unavailable = new UnavailableError('nobody can answer', 1);
const patience = { timeoutMs: 60_000, intervalMs: 1, mayFreshen: () => true };

it('reads again while nobody can answer', async () => {
  const read = jest.fn<() => Promise<string>>().mockRejectedValueOnce(unavailable);
  read.mockRejectedValueOnce(unavailable).mockResolvedValueOnce('page');
  expect(await untilFresh(read, patience)).toBe('page');
});

it.each([
  ['no replica is in use', unavailable, { mayFreshen: () => false }],
  ['the time is over', unavailable, { timeoutMs: 0 }],
  ['too many wait', new OverloadedError('full'), {}],
  ['something else is wrong', new Error('bug'), {}],
])('does not where %s', async (_, error, overrides) => {
  const read = jest.fn<() => Promise<string>>().mockRejectedValue(error);
  await expect(untilFresh(read, { ...patience, ...overrides })).rejects.toBe(error);
  expect(read).toHaveBeenCalledTimes(1);
});
