import { describe, expect, it } from '@jest/globals';
import { continueTrace, formatTrace, traceHeaders } from './trace.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';

describe(continueTrace.name, () => {
  it("goes on with the caller's trace, as a span of its own", () => {
    const trace = continueTrace(`00-${TRACE}-${PARENT}-01`, 'vendor=1');
    expect(trace).toMatchObject({ traceId: TRACE, traceFlags: '01', traceState: 'vendor=1' });
    expect(trace.spanId).toMatch(/^[0-9a-f]{16}$/);
    expect(trace.spanId).not.toBe(PARENT);
  });

  it('reads a later version as far as it is known, and hands on no unknown flag', () => {
    expect(continueTrace(`01-${TRACE}-${PARENT}-ff-more`)).toMatchObject({
      traceId: TRACE,
      traceFlags: '03',
    });
  });

  it.each([
    ['nothing', undefined],
    ['an empty text', ''],
    ['another text', 'nonsense'],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-${PARENT}-01`],
    ['a parent id of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['upper case', `00-${TRACE.toUpperCase()}-${PARENT}-01`],
    ['version ff', `ff-${TRACE}-${PARENT}-01`],
    ['more than version 00 has', `00-${TRACE}-${PARENT}-01-more`],
    ['a short trace id', `00-${TRACE.slice(1)}-${PARENT}-01`],
    ['no flags', `00-${TRACE}-${PARENT}`],
    ['two headers', `00-${TRACE}-${PARENT}-01, 00-${TRACE}-${PARENT}-01`],
    ['a line break at the end', `00-${TRACE}-${PARENT}-01\n`],
  ])('begins a new trace for %s, without the tracestate', (_, header) => {
    const trace = continueTrace(header, 'vendor=1');
    expect(trace.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(trace.traceId).not.toBe(TRACE);
    expect(trace.traceId).not.toBe(continueTrace(header).traceId);
    expect(trace).toMatchObject({ traceFlags: '02', traceState: undefined });
  });

  it('drops a tracestate that is longer than has to be handed on', () => {
    const header = `00-${TRACE}-${PARENT}-01`;
    expect(continueTrace(header, 'v='.padEnd(512, 'x')).traceState).toHaveLength(512);
    expect(continueTrace(header, 'v='.padEnd(513, 'x')).traceState).toBeUndefined();
  });
});

describe(traceHeaders.name, () => {
  it('makes this service the parent of what follows', () => {
    const trace = continueTrace(`00-${TRACE}-${PARENT}-01`, 'vendor=1');
    expect(traceHeaders(trace)).toEqual({
      traceparent: `00-${TRACE}-${trace.spanId}-01`,
      tracestate: 'vendor=1',
    });
    expect(traceHeaders(continueTrace(undefined))).not.toHaveProperty('tracestate');
    expect(continueTrace(formatTrace(trace)).traceId).toBe(TRACE);
  });
});
