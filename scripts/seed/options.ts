import { parseArgs } from 'node:util';
import { parseInstant } from '../import/instant.js';
import { integerOption, UsageError } from '../usage-error.js';
import type { SeedPlan } from './generate.js';

export const USAGE = `Makes demo messages, the same ones every time, and stores them.

Usage: npm run seed -- [options]

Options:
  --messages N     how many messages (default: 100000)
  --tags N         how many tags, used unevenly (Zipf): a few often, most seldom (default: 1000)
  --seed N         another number makes other messages (default: 1)
  --from TIME      the earliest time: a date or an RFC 3339 time (default: 2021-01-01)
  --to TIME        the time before which all are; now is the start of today in UTC, so that the
                   command makes the same messages all day (default: now)
  --output FILE    writes CSV to FILE (- is stdout) instead of storing the messages
  --batch-size N   messages a statement, 1 to 50000 (default: 5000)
  --help           shows this

Environment:
  DATABASE_URL or SHARDS   the database, as for the service; without them the embedded cluster of
                           a running npm start is used. Not needed with --output.

Running it again with the same options adds nothing. For the same messages on any day give --to.
The exit code is 1 after a failure, 2 for wrong usage, 130 after Ctrl-C.

Examples:
  npm run seed -- --messages 100000 --tags 1000
  npm run seed -- --messages 2000000 --to 2026-01-01 --output /tmp/messages.csv
`;

export interface SeedOptions extends SeedPlan {
  readonly output: string | undefined;
  readonly batchSize: number;
}

/** @throws UsageError or what parseArgs throws */
export function readOptions(args: string[], now: Date): SeedOptions | 'help' {
  const { values } = parseArgs({
    args,
    options: {
      messages: { type: 'string', default: '100000' },
      tags: { type: 'string', default: '1000' },
      seed: { type: 'string', default: '1' },
      from: { type: 'string', default: '2021-01-01' },
      to: { type: 'string', default: 'now' },
      output: { type: 'string' },
      'batch-size': { type: 'string', default: '5000' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  const from = timeOption('from', values.from, now);
  const to = timeOption('to', values.to, now);
  if (from >= to) throw new UsageError('--from must be before --to');
  return {
    messages: integerOption('messages', values.messages, 1, 1_000_000_000),
    tags: integerOption('tags', values.tags, 1, 1_000_000),
    seed: integerOption('seed', values.seed, 0, 2 ** 32 - 1),
    from,
    to,
    output: values.output,
    batchSize: integerOption('batch-size', values['batch-size'], 1, 50_000),
  };
}

function timeOption(name: string, text: string, now: Date): Date {
  if (text === 'now') return new Date(`${now.toISOString().slice(0, 10)}T00:00:00Z`);
  const time = parseInstant(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text);
  if (typeof time === 'string') throw new UsageError(`--${name} ${time}`);
  return time;
}
