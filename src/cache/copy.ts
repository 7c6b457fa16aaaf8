import { crc32 } from 'node:zlib';

/** A copy of an answer, or, with an empty body, what is known of one. */
export interface Copy {
  readonly body: Buffer;
  /** As `MessagePage.asOf`; empty where it is not known, or does not matter. */
  readonly asOf: string;
  /** Without quotes; empty where there is none. */
  readonly etag: string;
  /** As `MessagePage.next`. */
  readonly next: string | undefined;
}

/** One line before the body. Another layout needs another CACHE_VERSION (cache-keys.ts). */
const HEADER = /^([0-9a-f]{8}) (\d{1,9}) ([!-~]{0,200}) ([!-~]{0,64}) ([0-9a-f-]{0,36})$/;
const HEADER_MAX_BYTES = 330;
const LINE_FEED = 0x0a;
const END_BYTES = 64;

/** The copy as bytes, together with the key that it is kept under. */
export function encodeCopy(key: string, { body, asOf, etag, next = '' }: Copy): Buffer {
  const rest = `${body.length} ${asOf} ${etag} ${next}`;
  const sum = checksum(key, rest, body).toString(16).padStart(8, '0');
  return Buffer.concat([Buffer.from(`${sum} ${rest}\n`, 'latin1'), body]);
}

/**
 * Reads what `encodeCopy` wrote under the same key; undefined if it is anything else: cut off,
 * changed, moved here from another key, or put there by somebody else.
 */
export function decodeCopy(key: string, bytes: Buffer): Copy | undefined {
  const end = bytes.subarray(0, HEADER_MAX_BYTES).indexOf(LINE_FEED);
  if (end < 0) return undefined;
  const header = bytes.toString('latin1', 0, end);
  const [, sum, length, asOf, etag, next] = HEADER.exec(header) ?? [];
  if (sum === undefined || asOf === undefined || etag === undefined) return undefined;
  const body = bytes.subarray(end + 1);
  if (body.length !== Number(length)) return undefined;
  if (parseInt(sum, 16) !== checksum(key, header.slice(sum.length + 1), body)) return undefined;
  return { body, asOf, etag, next: next === '' ? undefined : next };
}

/**
 * Against accidents, not against whoever may write to Redis: those can write anything. Of a long
 * body only both ends: to read all of it costs a tenth of an answer.
 */
function checksum(key: string, rest: string, body: Buffer): number {
  const ends = crc32(body.subarray(-END_BYTES), crc32(body.subarray(0, END_BYTES)));
  return crc32(`${key} ${rest}`, ends);
}
