import { describe, expect, it } from '@jest/globals';
import { readNdjson } from './ndjson-reader.js';
import { RECORD_MAX_BYTES, type SourceRecord } from './source-record.js';

async function read(file: string | Buffer, chunk: number) {
  const bytes = Buffer.from(file);
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk);
  }
  const records: SourceRecord[] = [];
  for await (const group of readNdjson(chunks())) records.push(...group);
  return records;
}

describe(readNdjson.name, () => {
  it('reads a value a line and skips blank lines', async () => {
    for (const chunk of [1, 2, 5, 1000]) {
      expect(await read('\ufeff{"a":"é🚀"}\r\n\n[1]\nnull', chunk)).toEqual([
        { line: 1, raw: '{"a":"é🚀"}', row: { a: 'é🚀' } },
        { line: 3, raw: '[1]', row: [1] },
        { line: 4, raw: 'null', row: null },
      ]);
    }
  });

  it('goes on after a line that is not JSON, not UTF-8 or too long', async () => {
    const file = Buffer.concat([
      Buffer.from('{"a":\n'),
      Buffer.from([0x22, 0xff, 0x22, 0x0a]),
      Buffer.from(`"${'x'.repeat(3 * RECORD_MAX_BYTES)}"\n1\n`),
    ]);
    for (const chunk of [1000, 1_000_000]) {
      expect(await read(file, chunk)).toEqual([
        { line: 1, raw: '{"a":', fault: expect.stringContaining('the line is not JSON') },
        { line: 2, raw: '"\ufffd"', fault: 'the record is not valid UTF-8' },
        { line: 3, raw: expect.any(String), fault: 'the record is longer than 64 KiB' },
        { line: 4, raw: '1', row: 1 },
      ]);
    }
  });
});
