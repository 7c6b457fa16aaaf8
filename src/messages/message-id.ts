import { createHash, randomFillSync } from 'node:crypto';

/*
 * A message id is a UUIDv7 (RFC 9562, section 5.7):
 *
 *   48 bits  milliseconds since 1970, the message's created_at
 *    4 bits  version 7
 *   12 bits  rand_a: a counter within the millisecond (RFC 9562, section 6.2, method 1)
 *    2 bits  variant
 *   50 bits  random
 *   12 bits  the bucket of the tag, so that a message is found without its tag
 */

const MAX_TIME = 2 ** 48 - 1;
const COUNTER_MAX = 0xfff;
/** A clock set back further than this was corrected, not jittering: follow it. */
const CLOCK_REGRESSION_MAX_MS = 10_000;

export interface ParsedMessageId {
  /** The id in its canonical form: lower case, with hyphens. */
  readonly id: string;
  readonly bucket: number;
  readonly createdAt: Date;
}

/** Makes ids that rise strictly within a process, so that a tag's messages keep their order. */
export class MessageIdGenerator {
  private lastTime = 0;
  private counter = 0;
  private readonly random = new RandomBytes();

  /**
   * @param bucket 0 to 4,095
   * @param now milliseconds since 1970
   */
  next(bucket: number, now: number = Date.now()): string {
    const bytes = this.random.take(16);
    if (now > this.lastTime || this.lastTime - now > CLOCK_REGRESSION_MAX_MS) {
      this.lastTime = now;
      // The counter starts in the lower half: room for 2,048 ids at least within a millisecond.
      this.counter = bytes.readUInt16BE(6) & (COUNTER_MAX >> 1);
    } else if (this.counter < COUNTER_MAX) {
      this.counter++;
    } else {
      this.lastTime++;
      this.counter = 0;
    }
    return encode(bytes, this.lastTime, this.counter, bucket);
  }
}

/**
 * The id of a message that comes with its time: the same content always has the same id, so that
 * storing it again changes nothing.
 */
export function derivedMessageId(bucket: number, createdAt: Date, tag: string, message: string) {
  const time = createdAt.getTime();
  if (!(time >= 0 && time <= MAX_TIME)) throw new RangeError('created_at is out of range');
  const digest = createHash('sha256').update(`${time}\0${tag}\0${message}`, 'utf8').digest();
  const bytes = Buffer.from(digest.subarray(0, 16));
  return encode(bytes, time, bytes.readUInt16BE(6) & COUNTER_MAX, bucket);
}

const CANONICAL = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Reads an id in either case; undefined if it is no message id. */
export function parseMessageId(text: string): ParsedMessageId | undefined {
  const id = text.toLowerCase();
  if (!CANONICAL.test(id)) return undefined;
  return {
    id,
    bucket: parseInt(id.slice(-3), 16),
    createdAt: new Date(parseInt(id.slice(0, 8) + id.slice(9, 13), 16)),
  };
}

/** Random bytes, asked of the system for many ids at once. */
class RandomBytes {
  private readonly pool = Buffer.alloc(4_096);
  private used = this.pool.length;

  take(length: number): Buffer {
    if (this.used + length > this.pool.length) {
      randomFillSync(this.pool);
      this.used = 0;
    }
    const from = this.used;
    this.used += length;
    return this.pool.subarray(from, this.used);
  }
}

function encode(bytes: Buffer, time: number, counter: number, bucket: number): string {
  bytes.writeUIntBE(time, 0, 6);
  bytes.writeUInt16BE(0x7000 | counter, 6);
  bytes.writeUInt8(0x80 | (bytes.readUInt8(8) & 0x3f), 8);
  bytes.writeUInt16BE((bytes.readUInt16BE(14) & 0xf000) | bucket, 14);
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
