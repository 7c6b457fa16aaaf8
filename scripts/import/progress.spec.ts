import { describe, expect, it } from '@jest/globals';
import { progressLine, ProgressMeter } from './progress.js';

describe(ProgressMeter.name, () => {
  it.each([
    [true, '\r2,500 rows, 1,250 rows/s, 25 %, 6 s left|\n'],
    [false, ''],
  ])('says something at most once a second on a terminal (%s)', (isTTY, said) => {
    let now = 0;
    const written: string[] = [];
    const meter = new ProgressMeter({ isTTY, write: (text) => written.push(text) }, () => now);
    now = 900;
    meter.update(1000, 0.1);
    now = 2000;
    meter.update(2500, 0.25);
    meter.end();
    expect(written.join('|')).toBe(said);
  });

  it('does without the share that is done', () => {
    expect(progressLine(10, 2)).toBe('10 rows, 5 rows/s');
    expect(progressLine(10, 3600, 0.5)).toBe('10 rows, 0 rows/s, 50 %, 1 h 0 min left');
  });
});
