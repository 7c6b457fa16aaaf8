import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { STDIN } from './source.js';
import { integerOption, UsageError } from '../usage-error.js';

export const USAGE = `Imports messages from a file.

Usage: npm run import -- FILE [options]

  FILE                  CSV (message,tag,created_at) or NDJSON (an object a line with message, tag
                        and created_at); - is stdin. created_at is an RFC 3339 time.

Options:
  --format csv|ndjson   the format; by default what the name of FILE says (.csv, .ndjson, .jsonl)
  --header              the first record of the CSV names its columns, in any order
  --rejects PATH        where rows that are not valid are written, with line and reason
                        (default: FILE.rejected.ndjson)
  --batch-size N        messages a statement, 1 to 50000 (default: 5000)
  --help                shows this

Environment:
  DATABASE_URL or SHARDS   the database, as for the service; without them the embedded cluster of
                           a running npm start is used

Importing a file again, or after an interruption, adds only what is not there yet. The exit code is
0 even if rows were rejected, 1 after a failure, 2 for wrong usage, 130 after Ctrl-C.

Examples:
  npm run import -- messages.csv
  npm run import -- export.ndjson --rejects /tmp/rejected.ndjson
  zcat messages.csv.gz | npm run import -- - --format csv
`;

export type Format = 'csv' | 'ndjson';

export interface ImportOptions {
  readonly path: string;
  readonly format: Format;
  readonly header: boolean;
  readonly rejectsPath: string;
  readonly batchSize: number;
}

/** @throws UsageError or what parseArgs throws */
export function readOptions(args: string[]): ImportOptions | 'help' {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      format: { type: 'string' },
      header: { type: 'boolean', default: false },
      rejects: { type: 'string' },
      'batch-size': { type: 'string', default: '5000' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  const [path, ...more] = positionals;
  if (!path || more.length > 0) throw new UsageError('Name one FILE to import; see --help.');
  const format = formatOf(path, values.format);
  if (values.header && format !== 'csv') throw new UsageError('--header is for CSV only.');
  const rejectsPath = values.rejects ?? `${path === STDIN ? 'stdin' : path}.rejected.ndjson`;
  if (path !== STDIN && realPath(path) === realPath(rejectsPath)) {
    throw new UsageError('--rejects must not name the file that is imported.');
  }
  return {
    path,
    format,
    header: values.header,
    rejectsPath,
    batchSize: integerOption('batch-size', values['batch-size'], 1, 50_000),
  };
}

function formatOf(path: string, given: string | undefined): Format {
  if (given === 'csv' || given === 'ndjson') return given;
  if (given !== undefined) throw new UsageError(`--format must be csv or ndjson, not "${given}"`);
  if (/\.csv$/i.test(path)) return 'csv';
  if (/\.(ndjson|jsonl)$/i.test(path)) return 'ndjson';
  throw new UsageError(`The format of ${path} is not known from its name: add --format.`);
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}
