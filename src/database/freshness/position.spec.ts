import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  covers,
  formatPosition,
  join,
  parseLsn,
  parsePosition,
  type Position,
} from './position.js';

const position: fc.Arbitrary<Position> = fc.record({
  timeline: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
  lsn: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
});

/** Few enough values that equal parts come up. */
const closePosition: fc.Arbitrary<Position> = fc.record({
  timeline: fc.integer({ min: 1, max: 3 }),
  lsn: fc.bigInt({ min: 0n, max: 3n }),
});
const anyPosition = fc.oneof(position, closePosition);

describe(formatPosition.name, () => {
  it('writes what parsePosition reads back', () => {
    fc.assert(
      fc.property(anyPosition, (each) => {
        expect(parsePosition(formatPosition(each))).toEqual(each);
      }),
    );
  });

  it('writes text of one length that sorts by timeline, then by LSN', () => {
    fc.assert(
      fc.property(anyPosition, anyPosition, (a, b) => {
        const [left, right] = [formatPosition(a), formatPosition(b)];
        expect(left).toHaveLength(24);
        const sortsFirst = a.timeline === b.timeline ? a.lsn < b.lsn : a.timeline < b.timeline;
        expect(left < right).toBe(sortsFirst);
      }),
    );
  });
});

describe(parsePosition.name, () => {
  it.each([
    '',
    '00000001',
    '00000001000000000000001',
    '0000000100000000000000010',
    '00000001000000000000000g',
    '0000000100000000000000AB',
    ' 0000000100000000000001',
    '000000010000000000000001\n',
    '0x0000010000000000000001',
  ])('refuses %j', (text) => {
    expect(parsePosition(text)).toBeUndefined();
  });
});

describe(join.name, () => {
  it('is the least position that covers both', () => {
    fc.assert(
      fc.property(anyPosition, anyPosition, anyPosition, (a, b, other) => {
        const joined = join(a, b);
        expect(covers(joined, a) && covers(joined, b)).toBe(true);
        if (covers(other, a) && covers(other, b)) expect(covers(other, joined)).toBe(true);
      }),
    );
  });

  it('does not depend on order, grouping or repetition', () => {
    fc.assert(
      fc.property(anyPosition, anyPosition, anyPosition, (a, b, c) => {
        expect(join(a, b)).toEqual(join(b, a));
        expect(join(join(a, b), c)).toEqual(join(a, join(b, c)));
        expect(join(a, a)).toEqual(a);
      }),
    );
  });
});

describe(covers.name, () => {
  it('needs the timeline as well as the LSN', () => {
    expect(covers({ timeline: 1, lsn: 9n }, { timeline: 2, lsn: 5n })).toBe(false);
    expect(covers({ timeline: 2, lsn: 4n }, { timeline: 1, lsn: 5n })).toBe(false);
    expect(covers({ timeline: 2, lsn: 5n }, { timeline: 1, lsn: 5n })).toBe(true);
  });
});

describe(parseLsn.name, () => {
  it('reads what PostgreSQL writes', () => {
    expect(parseLsn('16/B374D848')).toBe(0x16_b374_d848n);
    expect(parseLsn('0/0')).toBe(0n);
    expect(parseLsn('FFFFFFFF/FFFFFFFF')).toBe(2n ** 64n - 1n);
  });

  it.each(['', '16', '16/', '/1', '16/B374D848/0', '16/b374d848', '100000000/0', '0/0\n'])(
    'refuses %j',
    (text) => {
      expect(() => parseLsn(text)).toThrow('is no pg_lsn');
    },
  );
});
