import { parseArgs } from 'node:util';
import { readConfig } from '../src/config/index.js';
import { type CountDifference, rebuildCounts, verifyCounts } from '../src/database/index.js';
import { EXIT_FAILED, reportFailure } from './failure.js';
import { targetEnvironment } from './target-database.js';
import { UsageError } from './usage-error.js';

const HELP = `Usage: npm run counts -- --verify | --rebuild

Counts of messages are kept by triggers in the transaction that stores them.

  --verify   compares them with the messages; ends with 1 if any differs
  --rebuild  makes them what the messages say

Both go month by month, while the service reads and writes, and may be run again or stopped at any
time. Differences come from going round the triggers: session_replication_role, a restore in parts.

Environment: DATABASE_URL, or SHARDS with SHARD_<NAME>_PRIMARY_URL (see .env.example). Where none
is set, the embedded cluster that npm start has brought up.
`;

const SHOWN_MAX = 20;

export async function main(args: string[]): Promise<number> {
  try {
    const { values } = parseArgs({
      args,
      options: {
        verify: { type: 'boolean' },
        rebuild: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help) {
      process.stdout.write(HELP);
      return 0;
    }
    if (values.verify === values.rebuild) {
      throw new UsageError('Give either --verify or --rebuild; --help tells more.');
    }
    const { database } = readConfig(targetEnvironment());
    if (values.rebuild) {
      const wrong = await rebuildCounts(database, sayMonth);
      process.stdout.write(`${wrong} counts were wrong, none is now\n`);
      return 0;
    }
    return tell(await verifyCounts(database, sayMonth));
  } catch (error) {
    return reportFailure(error);
  }
}

function tell(differences: readonly CountDifference[]): number {
  for (const { shard, kind, period, tag, actual, counted } of differences.slice(0, SHOWN_MAX)) {
    const where = [`shard ${shard}`, kind, period, ...(tag === null ? [] : [JSON.stringify(tag)])];
    process.stdout.write(`${where.join(', ')}: ${counted} counted, ${actual} there\n`);
  }
  const more = differences.length - SHOWN_MAX;
  if (more > 0) process.stdout.write(`and ${more} more\n`);
  process.stdout.write(`${differences.length} counts are wrong\n`);
  return differences.length === 0 ? 0 : EXIT_FAILED;
}

function sayMonth(shard: string, month: string, done: number, of: number): void {
  process.stderr.write(`shard ${shard}: ${month}, ${done} of ${of} months\n`);
}
