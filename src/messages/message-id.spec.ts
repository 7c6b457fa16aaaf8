import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { derivedMessageId, MessageIdGenerator, parseMessageId } from './message-id.js';

const bucket = fc.integer({ min: 0, max: 4095 });
const time = fc.integer({ min: 0, max: 2 ** 48 - 1 });

describe(MessageIdGenerator.name, () => {
  it('puts time and bucket into the id, from which they are read again', () => {
    fc.assert(
      fc.property(bucket, time, (inBucket, at) => {
        const id = new MessageIdGenerator().next(inBucket, at);
        expect(parseMessageId(id)).toEqual({ id, bucket: inBucket, createdAt: new Date(at) });
      }),
    );
  });

  it('makes ids that rise strictly, also within a millisecond and past its counter', () => {
    const ids = new MessageIdGenerator();
    const made = Array.from({ length: 10_000 }, (_, index) => ids.next(index % 4096, 1_000_000));
    expect(made.toSorted()).toEqual(made);
    expect(new Set(made).size).toBe(made.length);
  });

  it('keeps rising when the clock is set back a little', () => {
    const ids = new MessageIdGenerator();
    const before = ids.next(0, 1_000_000);
    expect(ids.next(0, 999_000) > before).toBe(true);
  });

  it('follows a clock that was corrected by more than ten seconds', () => {
    const ids = new MessageIdGenerator();
    ids.next(0, 1_000_000);
    expect(parseMessageId(ids.next(0, 900_000))?.createdAt.getTime()).toBe(900_000);
  });
});

describe(derivedMessageId.name, () => {
  it('is the same for the same content, and another for other content', () => {
    const at = new Date('2024-02-29T12:00:00.123Z');
    const id = derivedMessageId(77, at, 'tag', 'text');
    expect(derivedMessageId(77, at, 'tag', 'text')).toBe(id);
    expect(derivedMessageId(77, at, 'tag', 'texts')).not.toBe(id);
    expect(parseMessageId(id)).toEqual({ id, bucket: 77, createdAt: at });
  });

  it.each([-1, NaN, 2 ** 48])('refuses the time %d', (at) => {
    expect(() => derivedMessageId(0, new Date(at), 'tag', 'text')).toThrow(RangeError);
  });
});

describe(parseMessageId.name, () => {
  it('reads upper case', () => {
    const id = new MessageIdGenerator().next(1);
    expect(parseMessageId(id.toUpperCase())?.id).toBe(id);
  });

  it.each(['', 'abc', '00000000-0000-4000-8000-000000000000', "' OR 1=1 --"])(
    'refuses %j',
    (text) => {
      expect(parseMessageId(text)).toBeUndefined();
    },
  );
});
