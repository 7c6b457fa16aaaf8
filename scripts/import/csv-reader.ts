import { scanCsvRecord, UNCLOSED_QUOTE } from './csv-record.js';
import { NOT_UTF8, RECORD_MAX_BYTES, type SourceRecord, TOO_LONG } from './source-record.js';
import { byteStrings, readableTextOf, textOf } from './utf8.js';

export const COLUMNS = ['message', 'tag', 'created_at'] as const;

/**
 * The records of a CSV file, some at a time, in memory that does not grow with the file.
 *
 * csv-parse is not used here because it cannot go on after a quote that is never closed: it takes
 * the rest of the file for one field. This reader gives up only the line on which a faulty record
 * starts and goes on with the next one.
 *
 * @param header whether the first record names the columns
 */
export async function* readCsv(
  chunks: AsyncIterable<Uint8Array>,
  { header = false } = {},
): AsyncGenerator<SourceRecord[]> {
  const splitter = new CsvSplitter(header ? undefined : COLUMNS);
  for await (const bytes of byteStrings(chunks)) yield splitter.push(bytes);
  yield splitter.end();
}

/** The header lacks a column: no record of the file can be read. */
export class CsvHeaderError extends Error {
  override readonly name = 'CsvHeaderError';
}

class CsvSplitter {
  private bytes = '';
  private line = 1;
  /** Within a line that is too long and was reported already. */
  private skipping = false;

  constructor(private columns: readonly string[] | undefined) {}

  push(bytes: string): SourceRecord[] {
    this.bytes += bytes;
    return this.split(false);
  }

  end(): SourceRecord[] {
    return this.split(true);
  }

  private split(complete: boolean): SourceRecord[] {
    const records: SourceRecord[] = [];
    let start = 0;
    while (start < this.bytes.length) {
      if (this.skipping) {
        const next = this.nextLine(start);
        if (next === undefined) {
          start = this.bytes.length;
          break;
        }
        this.skipping = false;
        this.line++;
        start = next;
        continue;
      }
      const end = this.takeRecord(start, complete, records);
      if (end === undefined) break;
      start = end;
    }
    this.bytes = this.bytes.slice(start);
    return records;
  }

  /** Answers where the next record starts; undefined if more bytes are needed to tell. */
  private takeRecord(start: number, complete: boolean, records: SourceRecord[]) {
    const scan = scanCsvRecord(this.bytes, start, complete);
    if (!scan) {
      if (this.bytes.length - start <= RECORD_MAX_BYTES) return undefined;
      return this.giveUp(start, TOO_LONG, records);
    }
    if ('fault' in scan) return this.giveUp(start, scan.fault, records);
    if (scan.end - start > RECORD_MAX_BYTES) return this.giveUp(start, TOO_LONG, records);
    const blank = scan.fields.length === 1 && scan.fields[0] === '' && this.bytes[start] !== '"';
    if (!blank) this.take(this.bytes.slice(start, scan.end), scan.fields, records);
    this.line += lineEnds(this.bytes, start, scan.end);
    return scan.end;
  }

  private take(bytes: string, fields: string[], records: SourceRecord[]): void {
    const at = { line: this.line, raw: readableTextOf(bytes).trimEnd() };
    const texts = fields.map(textOf);
    if (!this.columns) {
      this.columns = headerOf(texts);
      return;
    }
    const count = this.columns.length;
    if (texts.includes(undefined)) {
      records.push({ ...at, fault: NOT_UTF8 });
    } else if (texts.length !== count) {
      records.push({ ...at, fault: `the record has ${texts.length} fields, not ${count}` });
    } else {
      const row = Object.fromEntries(this.columns.map((column, index) => [column, texts[index]]));
      records.push({ ...at, row });
    }
  }

  private giveUp(start: number, fault: string, records: SourceRecord[]): number {
    const next = this.nextLine(start);
    const end = next ?? this.bytes.length;
    // A long record of several lines is a quote that is not closed.
    const reason = fault === TOO_LONG && next !== undefined ? severalLines(end - start) : fault;
    const raw = readableTextOf(this.bytes.slice(start, Math.min(end, start + RECORD_MAX_BYTES)));
    records.push({ line: this.line, raw: raw.trimEnd(), fault: reason });
    if (next === undefined) this.skipping = true;
    else this.line++;
    return end;
  }

  private nextLine(start: number): number | undefined {
    const lineEnd = this.bytes.indexOf('\n', start);
    return lineEnd < 0 ? undefined : lineEnd + 1;
  }
}

function severalLines(firstLineBytes: number): string {
  return firstLineBytes > RECORD_MAX_BYTES ? TOO_LONG : `${UNCLOSED_QUOTE}: ${TOO_LONG}`;
}

function headerOf(names: readonly (string | undefined)[]): string[] {
  const columns = names.map((name) => name?.trim().toLowerCase() ?? '');
  const missing = COLUMNS.filter((column) => !columns.includes(column));
  if (missing.length === 0) return columns;
  throw new CsvHeaderError(`The header of the CSV file has no column ${missing.join(', ')}.`);
}

function lineEnds(text: string, start: number, end: number): number {
  let count = 0;
  for (let at = text.indexOf('\n', start); at >= 0 && at < end; at = text.indexOf('\n', at + 1)) {
    count++;
  }
  return count;
}
