import { NOT_UTF8, RECORD_MAX_BYTES, type SourceRecord, TOO_LONG } from './source-record.js';
import { byteStrings, readableTextOf, textOf } from './utf8.js';

/** The records of an NDJSON file, some at a time, in memory that does not grow with the file. */
export async function* readNdjson(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<SourceRecord[]> {
  let bytes = '';
  let line = 1;
  /** Within a line that is too long and was reported already. */
  let skipping = false;
  for await (const chunk of byteStrings(chunks)) {
    const records: SourceRecord[] = [];
    bytes += chunk;
    let start = 0;
    for (let end; (end = bytes.indexOf('\n', start)) >= 0; start = end + 1) {
      if (!skipping) records.push(...recordOf(line, bytes.slice(start, end)));
      skipping = false;
      line++;
    }
    bytes = bytes.slice(start);
    if (bytes.length > RECORD_MAX_BYTES) {
      if (!skipping) records.push(...recordOf(line, bytes));
      skipping = true;
    }
    if (skipping) bytes = '';
    yield records;
  }
  yield recordOf(line, bytes);
}

/** None for a blank line. */
function recordOf(line: number, bytes: string): SourceRecord[] {
  if (bytes.length > RECORD_MAX_BYTES) {
    return [{ line, raw: readableTextOf(bytes.slice(0, RECORD_MAX_BYTES)), fault: TOO_LONG }];
  }
  const text = textOf(bytes)?.trim();
  if (text === undefined) return [{ line, raw: readableTextOf(bytes).trim(), fault: NOT_UTF8 }];
  if (text === '') return [];
  try {
    const row: unknown = JSON.parse(text);
    return [{ line, raw: text, row }];
  } catch (error) {
    return [{ line, raw: text, fault: `the line is not JSON: ${(error as Error).message}` }];
  }
}
