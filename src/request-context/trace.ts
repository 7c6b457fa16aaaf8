import { randomHex } from './random-hex.js';

/** The place of a request in a distributed trace: W3C Trace Context, level 2. */
export interface Trace {
  /** 32 hexadecimal digits, not all of them zero. */
  readonly traceId: string;
  /** What this service does of it: 16 hexadecimal digits, not all of them zero. */
  readonly spanId: string;
  /** Two hexadecimal digits: 01 sampled, 02 a random trace id. */
  readonly traceFlags: string;
  /** What vendors add for themselves; handed on as it came. */
  readonly traceState: string | undefined;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const VERSION = '00';
const VERSION_REFUSED = 'ff';
const TRACE_ID_DIGITS = 32;
const SPAN_ID_DIGITS = 16;
const ZERO_TRACE = '0'.repeat(TRACE_ID_DIGITS);
const ZERO_SPAN = '0'.repeat(SPAN_ID_DIGITS);
const FLAGS_KNOWN = 0x03;
const RANDOM_TRACE_ID = '02';
/** Section 3.3.1.5: at least this has to be handed on; what is longer is dropped. */
const STATE_MAX_LENGTH = 512;

/**
 * Goes on with the trace of the caller. A `traceparent` that is not well-formed begins a new one,
 * without the caller's `tracestate` (sections 3.2 and 3.3).
 */
export function continueTrace(traceparent: unknown, tracestate?: unknown): Trace {
  const caller = parse(traceparent);
  return {
    traceId: caller?.traceId ?? randomHex(TRACE_ID_DIGITS),
    spanId: randomHex(SPAN_ID_DIGITS),
    traceFlags: caller?.flags ?? RANDOM_TRACE_ID,
    traceState: caller && stateOf(tracestate),
  };
}

/** The trace as a header of version 00, with this service's part as the parent of what follows. */
export function formatTrace({ traceId, spanId, traceFlags }: Trace): string {
  return `${VERSION}-${traceId}-${spanId}-${traceFlags}`;
}

/** What a request to another service carries, so that it goes on with the trace. */
export function traceHeaders(trace: Trace): Record<string, string> {
  return {
    traceparent: formatTrace(trace),
    ...(trace.traceState !== undefined && { tracestate: trace.traceState }),
  };
}

function parse(header: unknown): { traceId: string; flags: string } | undefined {
  if (typeof header !== 'string') return undefined;
  const [, version, traceId, parentId, flags, more] = TRACEPARENT.exec(header) ?? [];
  if (traceId === undefined || flags === undefined) return undefined;
  if (version === VERSION_REFUSED || (version === VERSION && more !== undefined)) return undefined;
  if (traceId === ZERO_TRACE || parentId === ZERO_SPAN) return undefined;
  // Flags that are not known must not be handed on.
  const known = Number.parseInt(flags, 16) & FLAGS_KNOWN;
  return { traceId, flags: known.toString(16).padStart(2, '0') };
}

function stateOf(header: unknown): string | undefined {
  if (typeof header !== 'string' || header === '') return undefined;
  return header.length <= STATE_MAX_LENGTH ? header : undefined;
}
