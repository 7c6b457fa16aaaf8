import { describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import * as fc from 'fast-check';
import { csvField } from '../seed/csv-output.js';
import { CsvHeaderError, readCsv } from './csv-reader.js';
import { RECORD_MAX_BYTES, type SourceRecord } from './source-record.js';

async function read(file: string | Buffer, { header = false, chunk = 7 } = {}) {
  const bytes = Buffer.from(file);
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk);
  }
  const records: SourceRecord[] = [];
  for await (const group of readCsv(chunks(), { header })) records.push(...group);
  return records.map((record) => ({
    line: record.line,
    ...('fault' in record ? { fault: record.fault } : { row: record.row }),
  }));
}

const row = (message: string, tag: string, created_at: string) => ({ message, tag, created_at });

describe(readCsv.name, () => {
  it('answers the line on which a record starts, though a field before has line ends', async () => {
    expect(await read('a,b,c\r\n"x\r\n""y"",\nz",b,c\r\n\r\nd,e,f')).toEqual([
      { line: 1, row: row('a', 'b', 'c') },
      { line: 2, row: row('x\r\n"y",\nz', 'b', 'c') },
      { line: 6, row: row('d', 'e', 'f') },
    ]);
  });

  it('skips a byte order mark and keeps characters that two chunks share', async () => {
    const records = await read('\ufeffé🚀,ü,c\n', { chunk: 1 });
    expect(records).toEqual([{ line: 1, row: row('é🚀', 'ü', 'c') }]);
  });

  it('loses only the line with a quote that is never closed', async () => {
    const after = Array.from({ length: 9000 }, (_, n) => `m${n},t,c\n`).join('');
    const records = await read(`a,b,c\n"x,b,c\n${after}`, { chunk: 4096 });
    expect(records).toHaveLength(9002);
    expect(records[1]).toMatchObject({ line: 2, fault: expect.stringContaining('not closed') });
    expect(records.at(-1)).toEqual({ line: 9002, row: row('m8999', 't', 'c') });
  });

  it('gives up a line that is too long once, and goes on with the next', async () => {
    const records = await read(`"${'x'.repeat(5 * RECORD_MAX_BYTES)}\na,b,c`, { chunk: 1000 });
    expect(records).toEqual([
      { line: 1, fault: 'the record is longer than 64 KiB' },
      { line: 2, row: row('a', 'b', 'c') },
    ]);
  });

  it.each([
    ['a,b', 'the record has 2 fields, not 3'],
    ['a,b,c,d', 'the record has 4 fields, not 3'],
    ['"a"x,b,c', 'a closing quote is followed by text'],
    ['a"x,b,c', 'a quote stands within a field that does not start with one'],
    ['a,b,"c', 'a quote is not closed'],
    [Buffer.from([0x61, 0xff, 0x2c, 0x2c]), 'the record is not valid UTF-8'],
  ])('says what is wrong with %s', async (text, fault) => {
    const file = Buffer.concat([Buffer.from(text), Buffer.from('\nd,e,f\n')]);
    expect(await read(file)).toEqual([
      { line: 1, fault },
      { line: 2, row: row('d', 'e', 'f') },
    ]);
  });

  it('takes the columns by name if there is a header', async () => {
    const records = await read('created_at,id,tag,message\nc,1,b,a\n', { header: true });
    expect(records).toEqual([{ line: 2, row: { ...row('a', 'b', 'c'), id: '1' } }]);
    await expect(read('message,tag\n', { header: true })).rejects.toThrow(CsvHeaderError);
  });

  it('reads what csv-parse reads, whatever the chunks', async () => {
    const text = fc.array(fc.constantFrom('a', 'é', '🚀', '"', ',', '\n', '\r\n', ' '));
    const field = text.map((parts) => csvField(`.${parts.join('')}`));
    const file = fc
      .array(fc.tuple(field, field, field))
      .map((rows) => rows.map((fields) => `${fields.join(',')}\n`).join(''));
    await fc.assert(
      fc.asyncProperty(file, fc.integer({ min: 1, max: 40 }), async (csv, chunk) => {
        const rows = (await read(csv, { chunk })).map((record) => 'row' in record && record.row);
        expect(rows).toEqual(parse(csv, { columns: ['message', 'tag', 'created_at'] }));
      }),
    );
  });
});
