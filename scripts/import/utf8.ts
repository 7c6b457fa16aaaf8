import { isUtf8 } from 'node:buffer';

/*
 * The readers look at bytes, one a character (latin1): records end at ASCII characters, which never
 * are part of a longer UTF-8 sequence. So a character on the edge of two chunks needs no care, and
 * bytes that are no UTF-8 spoil only their own record.
 */

const BYTE_ORDER_MARK = '\xef\xbb\xbf';

/** The bytes of a stream, one a character, without a leading byte order mark. */
export async function* byteStrings(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let head: string | undefined = '';
  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString('latin1');
    if (head === undefined) {
      yield bytes;
      continue;
    }
    head += bytes;
    if (head.length < BYTE_ORDER_MARK.length) continue;
    yield withoutMark(head);
    head = undefined;
  }
  if (head) yield head;
}

/** The text of bytes, one a character; undefined if they are not UTF-8. */
export function textOf(bytes: string): string | undefined {
  if (isAscii(bytes)) return bytes;
  const buffer = Buffer.from(bytes, 'latin1');
  return isUtf8(buffer) ? buffer.toString('utf8') : undefined;
}

/** The same for people to read: what is not UTF-8 becomes U+FFFD. */
export function readableTextOf(bytes: string): string {
  return isAscii(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString('utf8');
}

function withoutMark(bytes: string): string {
  return bytes.startsWith(BYTE_ORDER_MARK) ? bytes.slice(BYTE_ORDER_MARK.length) : bytes;
}

function isAscii(bytes: string): boolean {
  return !/[\x80-\xff]/.test(bytes);
}
