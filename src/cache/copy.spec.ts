import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { type Copy, decodeCopy, encodeCopy } from './copy.js';

const copy = fc.record<Copy>({
  body: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  asOf: fc.stringMatching(/^[!-~]{0,200}$/),
  etag: fc.stringMatching(/^[\w-]{0,64}$/),
  next: fc.option(fc.uuid(), { nil: undefined }),
});

describe(decodeCopy, () => {
  it('reads what encodeCopy wrote, whatever is in it', () => {
    fc.assert(
      fc.property(fc.string(), copy, (key, each) => {
        expect(decodeCopy(key, encodeCopy(key, each))).toEqual(each);
      }),
    );
  });

  it('takes nothing that was cut off, or is under another key', () => {
    fc.assert(
      fc.property(fc.string(), copy, fc.nat(), (key, each, cut) => {
        const bytes = encodeCopy(key, each);
        expect(decodeCopy(key, bytes.subarray(0, cut % bytes.length))).toBeUndefined();
        expect(decodeCopy(`${key}.`, bytes)).toBeUndefined();
      }),
    );
  });

  it('takes nothing else for a copy, and throws at nothing', () => {
    fc.assert(
      fc.property(fc.string(), fc.uint8Array(), (key, bytes) => {
        expect(decodeCopy(key, Buffer.from(bytes))).toBeUndefined();
      }),
    );
  });

  it('notices a change of the header, and at the ends of the body', () => {
    const each = { body: Buffer.alloc(1_000, 'x'), asOf: 'a', etag: 'e', next: undefined };
    const bytes = encodeCopy('key', each);
    for (const at of [0, 3, 10, bytes.length - 1_000, bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(decodeCopy('key', changed)).toBeUndefined();
    }
  });
});
