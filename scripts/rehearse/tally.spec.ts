import { expect, it } from '@jest/globals';
import { Tally } from './tally.js';

it('tells latencies by the share of requests that were not slower', () => {
  const tally = new Tally();
  expect(tally.latency(0.5)).toBe(0);
  for (let ms = 100; ms >= 1; ms--) tally.answered(ms);
  expect(tally.requests).toBe(100);
  expect([0, 0.5, 0.99, 1].map((share) => tally.latency(share))).toEqual([1, 51, 100, 100]);
});
