/** A record found in a text, or what keeps one from being found. */
export type CsvScan =
  | { readonly fields: string[]; readonly end: number }
  | { readonly fault: string }
  /** The text ends before the record does. */
  | undefined;

export const UNCLOSED_QUOTE = 'a quote is not closed';
const TEXT_AFTER_QUOTE = 'a closing quote is followed by text';
const QUOTE_IN_FIELD = 'a quote stands within a field that does not start with one';

const QUOTE = 0x22;
const COMMA = 0x2c;
const LF = 0x0a;
const CR = 0x0d;

/**
 * Reads the CSV record (RFC 4180, line ends LF or CRLF) that starts at `start`.
 *
 * @param complete whether nothing follows the text
 */
export function scanCsvRecord(text: string, start: number, complete: boolean): CsvScan {
  const fields: string[] = [];
  let at = start;
  for (;;) {
    const field =
      text.charCodeAt(at) === QUOTE ? scanQuoted(text, at, complete) : scanBare(text, at, complete);
    if (!field || 'fault' in field) return field;
    fields.push(field.value);
    if (text.charCodeAt(field.end) !== COMMA) return { fields, end: afterLineEnd(text, field.end) };
    at = field.end + 1;
  }
}

type FieldScan = { value: string; end: number } | { fault: string } | undefined;

function scanBare(text: string, start: number, complete: boolean): FieldScan {
  for (let at = start; ; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return { fault: QUOTE_IN_FIELD };
    if (code !== COMMA && code !== LF && at < text.length) continue;
    if (at >= text.length && !complete) return undefined;
    const end = code !== COMMA && at > start && text.charCodeAt(at - 1) === CR ? at - 1 : at;
    return { value: text.slice(start, end), end };
  }
}

function scanQuoted(text: string, start: number, complete: boolean): FieldScan {
  let value = '';
  let from = start + 1;
  for (;;) {
    const quote = text.indexOf('"', from);
    if (quote < 0) return complete ? { fault: UNCLOSED_QUOTE } : undefined;
    // Two more characters tell an escaped quote, a line end CRLF and text apart.
    if (quote + 2 >= text.length && !complete) return undefined;
    value += text.slice(from, quote);
    const end = quote + 1;
    if (text.charCodeAt(end) === QUOTE) {
      value += '"';
      from = end + 1;
      continue;
    }
    const atEnd = text.charCodeAt(end) === COMMA || afterLineEnd(text, end) > end;
    return atEnd || end >= text.length ? { value, end } : { fault: TEXT_AFTER_QUOTE };
  }
}

/** The place after the line end at `at`; `at` itself if there is none. */
function afterLineEnd(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code === LF) return at + 1;
  if (code !== CR) return at;
  if (at + 1 >= text.length) return at + 1;
  return text.charCodeAt(at + 1) === LF ? at + 2 : at;
}
