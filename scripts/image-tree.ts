import { parseArgs } from 'node:util';
import { reportFailure } from './failure.js';
import { writeProductionTree } from './image/production-tree.js';
import { UsageError } from './usage-error.js';

const HELP = `Usage: npm run image:tree -- --out DIR

Copies what the production image holds to DIR, which must be empty or absent: the compiled service,
the files of the packages that it reaches by its imports, and the migrations. The Dockerfile runs it.

  --out  where to

Environment: SOURCE_DATE_EPOCH, the time that every file gets, in seconds since 1970 (default: 0).
`;

export async function main(args: string[]): Promise<number> {
  try {
    const { values } = parseArgs({
      args,
      options: { out: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
    if (values.help) {
      process.stdout.write(HELP);
      return 0;
    }
    if (!values.out) throw new UsageError('Give --out DIR; --help tells more.');
    const epoch = process.env['SOURCE_DATE_EPOCH'] || '0';
    if (!/^\d{1,10}$/.test(epoch)) {
      throw new UsageError(`SOURCE_DATE_EPOCH must be seconds since 1970, not "${epoch}"`);
    }
    const tree = await writeProductionTree(process.cwd(), values.out, Number(epoch));
    const { files, bytes } = tree;
    process.stdout.write(
      `${files.length} files, ${(bytes / 1e6).toFixed(1)} MB in ${values.out}\n`,
    );
    return 0;
  } catch (error) {
    return reportFailure(error);
  }
}
