import { parseArgs } from 'node:util';
import { readConfig } from '../src/config/index.js';
import { migrate } from '../src/database/index.js';
import { reportFailure } from './failure.js';
import { targetEnvironment } from './target-database.js';

const HELP = `Usage: npm run migrate

Brings every shard to the schema of this version, and lets each database remember its buckets.
Safe to run again, and by several processes at once.

Environment: DATABASE_URL, or SHARDS with SHARD_<NAME>_PRIMARY_URL (see .env.example). Where none
is set, the embedded cluster that npm start has brought up.
`;

export async function main(args: string[]): Promise<number> {
  try {
    const { values } = parseArgs({ args, options: { help: { type: 'boolean', short: 'h' } } });
    if (values.help) {
      process.stdout.write(HELP);
      return 0;
    }
    const { database } = readConfig(targetEnvironment());
    await migrate(database, (message) => process.stderr.write(`${message}\n`));
    return 0;
  } catch (error) {
    return reportFailure(error);
  }
}
