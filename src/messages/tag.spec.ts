import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { normaliseTag, tagBytes } from './tag.js';

describe(normaliseTag.name, () => {
  it.each(['#Café', '#café', '#CAFE\u0301', '#cafe\u0301'])('makes one tag of %j', (tag) => {
    expect(normaliseTag(tag)).toBe('#café');
  });

  it('leaves a normalised tag as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (tag) => {
        const once = normaliseTag(tag);
        expect(normaliseTag(once)).toBe(once);
      }),
      { numRuns: 2_000 },
    );
  });

  it('leaves every single code point normalised', () => {
    for (let point = 0; point <= 0x10ffff; point++) {
      if (point >= 0xd800 && point <= 0xdfff) continue;
      const once = normaliseTag(String.fromCodePoint(point));
      if (once !== once.normalize('NFC').toLowerCase()) throw new Error(point.toString(16));
    }
  });
});

describe(tagBytes.name, () => {
  it('counts bytes of UTF-8', () => {
    expect(tagBytes('aé日😀')).toBe(1 + 2 + 3 + 4);
  });
});
