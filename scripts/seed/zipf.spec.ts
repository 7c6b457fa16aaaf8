import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { ZipfDistribution } from './zipf.js';

describe(ZipfDistribution.name, () => {
  it('gives rank r a share of 1 / (r + 1)', () => {
    const zipf = new ZipfDistribution(4);
    const draws = 25_000;
    const counts = [0, 0, 0, 0];
    for (let n = 0; n < draws; n++) {
      const rank = zipf.rankAt((n + 0.5) / draws);
      counts[rank] = (counts[rank] ?? 0) + 1;
    }
    expect(counts).toEqual([12_000, 6_000, 4_000, 3_000]);
  });

  it('answers a rank for every random number, rising with it', () => {
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2000 }), random, random, (count, one, two) => {
        const zipf = new ZipfDistribution(count);
        const [low, high] = [Math.min(one, two), Math.max(one, two)].map((at) => zipf.rankAt(at));
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeGreaterThanOrEqual(low ?? NaN);
        expect(high).toBeLessThan(count);
      }),
    );
    expect(new ZipfDistribution(10).rankAt(0)).toBe(0);
    expect(new ZipfDistribution(10).rankAt(1 - Number.EPSILON)).toBe(9);
  });
});
