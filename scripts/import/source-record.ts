/** What a reader makes of one record of the file: a row yet to be validated, or why it has none. */
export type SourceRecord = {
  /** The line, from 1, on which the record starts. */
  readonly line: number;
  /** The record as it stands in the file. */
  readonly raw: string;
} & ({ readonly row: unknown } | { readonly fault: string });

/** Far beyond any valid record, far below what would hurt: where a reader gives a record up. */
export const RECORD_MAX_BYTES = 64 * 1024;

export const TOO_LONG = `the record is longer than ${RECORD_MAX_BYTES / 1024} KiB`;
export const NOT_UTF8 = 'the record is not valid UTF-8';
