import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { BUCKET_COUNT, bucketOfTag } from './bucket.js';

describe(bucketOfTag.name, () => {
  // The hash never changes: a message is found by it for as long as the message exists.
  it.each([
    ['greetings', 0x7dd],
    ['a', 0xca9],
    ['café', 0x850],
    ['日本語', 0x777],
  ])('keeps the bucket of %s', (tag, bucket) => {
    expect(bucketOfTag(tag)).toBe(bucket);
  });

  it('is a bucket that exists', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (tag) => {
        const bucket = bucketOfTag(tag);
        expect(Number.isInteger(bucket) && bucket >= 0 && bucket < BUCKET_COUNT).toBe(true);
      }),
    );
  });
});
