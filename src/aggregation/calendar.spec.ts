import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { isDay, PERIODS, periodsIn } from './calendar.js';

/** Near enough that its days can be gone through one by one. */
const shortRange = fc
  .record({
    from: fc.integer({ min: Date.UTC(1999, 0, 1) / 864e5, max: Date.UTC(2025, 0, 1) / 864e5 }),
    length: fc.integer({ min: 0, max: 800 }),
  })
  .map(({ from, length }) => ({ from: dayAt(from), to: dayAt(from + length) }));

function dayAt(number: number): string {
  return new Date(number * 864e5).toISOString().slice(0, 10);
}

function daysOf({ from, to }: { from: string; to: string }): string[] {
  const days = [];
  for (let at = Date.parse(from) / 864e5; dayAt(at) <= to; at++) days.push(dayAt(at));
  return days;
}

describe(isDay, () => {
  it.each(['2024-02-29', '2000-02-29', '0001-01-01', '9999-12-31', '2023-12-31'])(
    'takes %s',
    (text) => expect(isDay(text)).toBe(true),
  );

  it.each([
    '2023-02-29',
    '1900-02-29',
    '2024-02-30',
    '2024-04-31',
    '2024-13-01',
    '2024-00-10',
    '2024-01-00',
    '0000-01-01',
    '2024-1-1',
    '24-01-01',
    '12024-01-01',
    '2024-01-01T00:00:00Z',
    ' 2024-01-01',
    '2024-01-01\n',
    '٢٠٢٤-٠١-٠١',
    '',
  ])('refuses %j', (text) => expect(isDay(text)).toBe(false));
});

describe(periodsIn, () => {
  it('is what going through the days finds', () => {
    const lengths = { year: 4, month: 7, day: 10 };
    fc.assert(
      fc.property(shortRange, fc.constantFrom(...PERIODS), (range, period) => {
        const names = new Set(daysOf(range).map((day) => day.slice(0, lengths[period])));
        expect(periodsIn(period, range)).toBe(names.size);
      }),
    );
  });
});
