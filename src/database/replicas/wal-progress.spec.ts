import { describe, expect, it } from '@jest/globals';
import { WalProgress } from './wal-progress.js';

describe(WalProgress.name, () => {
  it('tells for how long WAL beyond a position has been known', () => {
    const progress = new WalProgress(10_000);
    progress.record(100n, 0);
    progress.record(200n, 1_000);
    progress.record(300n, 2_000);
    expect(progress.lagOf(300n, 5_000)).toBe(0);
    expect(progress.lagOf(250n, 5_000)).toBe(3_000);
    expect(progress.lagOf(100n, 5_000)).toBe(4_000);
  });

  it('lets nothing lag on a primary that is idle', () => {
    const progress = new WalProgress(10_000);
    progress.record(100n, 0);
    for (let now = 0; now < 1_000_000; now += 10_000) progress.record(100n, now);
    expect(progress.lagOf(100n, 1_000_000)).toBe(0);
    expect(progress.lagOf(99n, 1_000_000)).toBeGreaterThanOrEqual(10_000);
  });

  it('tells a lag beyond its memory as at least that long', () => {
    const progress = new WalProgress(10_000);
    for (let n = 0; n <= 100; n++) progress.record(BigInt(n), n * 1_000);
    expect(progress.lagOf(5n, 100_000)).toBeGreaterThanOrEqual(10_000);
    expect(progress.lagOf(97n, 100_000)).toBe(2_000);
  });

  it('starts over when WAL was lost', () => {
    const progress = new WalProgress(10_000);
    progress.record(100n, 0);
    progress.record(50n, 1_000);
    expect(progress.lsn).toBe(50n);
    expect(progress.lagOf(50n, 2_000)).toBe(0);
  });
});
