import { readConfig } from '../src/config/index.js';
import { MessageStore } from '../src/database/index.js';
import { BatchWriter } from './import/batch-writer.js';
import { CsvHeaderError, readCsv } from './import/csv-reader.js';
import { EXIT_INTERRUPTED, reportFailure } from './failure.js';
import { importRecords } from './import/import-records.js';
import { interruptible } from './import/interrupt.js';
import { readNdjson } from './import/ndjson-reader.js';
import { type ImportOptions, readOptions, USAGE } from './import/options.js';
import { ProgressMeter } from './import/progress.js';
import { RejectFile } from './import/reject-file.js';
import { resultLine } from './import/result.js';
import { openSource, type Source } from './import/source.js';
import { targetEnvironment } from './target-database.js';

const AGAIN = 'The import stopped. It is safe to run it again: no row is stored twice.';

/** `npm run import`: answers the exit code. */
export async function main(args: string[]): Promise<number> {
  try {
    const options = readOptions(args);
    if (options === 'help') {
      process.stdout.write(USAGE);
      return 0;
    }
    return await interruptible((interrupted) => importFile(options, interrupted));
  } catch (error) {
    return reportFailure(error, error instanceof CsvHeaderError ? undefined : AGAIN);
  }
}

async function importFile(options: ImportOptions, interrupted: AbortSignal): Promise<number> {
  const { database } = readConfig(targetEnvironment());
  const source = await openSource(options.path, interrupted);
  const store = await MessageStore.open(database);
  try {
    const startedAt = performance.now();
    const writer = new BatchWriter(store, options.batchSize);
    const rejects = await RejectFile.replacing(options.rejectsPath);
    const progress = new ProgressMeter(process.stderr);
    const onRows = (rows: number) => progress.update(rows, source.done());
    try {
      await importRecords(read(source, options), { writer, rejects, onRows }, interrupted);
      await writer.finish();
    } finally {
      progress.end();
      await writer.settle();
      await rejects.close();
    }
    const rows = writer.stored + rejects.count;
    const counts = {
      rows,
      inserted: writer.inserted,
      already_there: writer.stored - writer.inserted,
      rejected: rejects.count,
    };
    process.stdout.write(resultLine(counts, rows, startedAt));
    if (rejects.count > 0) process.stderr.write(`Rejected rows: ${rejects.path}\n`);
    return interrupted.aborted ? EXIT_INTERRUPTED : 0;
  } finally {
    await store.close();
  }
}

function read({ chunks }: Source, { format, header }: ImportOptions) {
  return format === 'csv' ? readCsv(chunks, { header }) : readNdjson(chunks);
}
