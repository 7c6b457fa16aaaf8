import { type Act, brokenPromises } from './acts.js';
import type { Tally } from './tally.js';

export interface Played {
  readonly act: Act;
  readonly tally: Tally;
}

const HEAD = [
  'act',
  'requests',
  'GETs failed',
  'POSTs repeated',
  'stale',
  'p50 ms',
  'p99 ms',
  'max ms',
  '',
];

/** A line for each act. */
export function table(played: readonly Played[]): string {
  const rows = played.map(({ act, tally }) => [
    act.name,
    tally.requests,
    tally.failedReads.length,
    tally.repeated.length,
    tally.stale.length,
    ...[0.5, 0.99, 1].map((share) => tally.latency(share).toFixed(1)),
    brokenPromises(act, tally).length === 0 ? 'kept' : 'BROKEN',
  ]);
  const lines = [HEAD, ...rows.map((row) => row.map(String))];
  const widths = HEAD.map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  );
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
