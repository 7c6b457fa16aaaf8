import { setImmediate as nextTurn } from 'node:timers/promises';
import { readConfig } from '../src/config/index.js';
import { MessageStore } from '../src/database/index.js';
import type { Message } from '../src/messages/message.js';
import { BatchWriter } from './import/batch-writer.js';
import { EXIT_INTERRUPTED, reportFailure } from './failure.js';
import { interruptible } from './import/interrupt.js';
import { ProgressMeter } from './import/progress.js';
import { resultLine } from './import/result.js';
import { CsvOutput } from './seed/csv-output.js';
import { generateMessages, type SeedPlan } from './seed/generate.js';
import { readOptions, type SeedOptions, USAGE } from './seed/options.js';
import { targetEnvironment } from './target-database.js';

const AGAIN = 'The seed stopped. It is safe to run it again: no message is stored twice.';
/** How many messages are made before Ctrl-C and the progress get their turn. */
const TURN_MESSAGES = 1000;

/** `npm run seed`: answers the exit code. */
export async function main(args: string[]): Promise<number> {
  try {
    const options = readOptions(args, new Date());
    if (options === 'help') {
      process.stdout.write(USAGE);
      return 0;
    }
    return await interruptible(async (interrupted) => {
      const { output } = options;
      if (output === undefined) await store(options, interrupted);
      else await write(options, output, interrupted);
      return interrupted.aborted ? EXIT_INTERRUPTED : 0;
    });
  } catch (error) {
    return reportFailure(error, AGAIN);
  }
}

async function store(options: SeedOptions, interrupted: AbortSignal): Promise<void> {
  const { database } = readConfig(targetEnvironment());
  const messages = await MessageStore.open(database);
  try {
    const startedAt = performance.now();
    const writer = new BatchWriter(messages, options.batchSize);
    try {
      await generateInto(writer, options, interrupted);
    } finally {
      await writer.settle();
    }
    const { stored, inserted } = writer;
    const counts = { rows: stored, inserted, already_there: stored - inserted };
    process.stdout.write(resultLine(counts, stored, startedAt));
  } finally {
    await messages.close();
  }
}

async function write(plan: SeedPlan, path: string, interrupted: AbortSignal): Promise<void> {
  const startedAt = performance.now();
  const rows = await generateInto(await CsvOutput.open(path), plan, interrupted);
  // The result must not end up among the rows.
  const stream = path === '-' ? process.stderr : process.stdout;
  stream.write(resultLine({ rows }, rows, startedAt));
}

interface MessageSink {
  add(message: Message): Promise<void>;
  finish(): Promise<void>;
}

async function generateInto(sink: MessageSink, plan: SeedPlan, interrupted: AbortSignal) {
  const progress = new ProgressMeter(process.stderr);
  let rows = 0;
  try {
    for (const message of generateMessages(plan)) {
      await sink.add(message);
      rows++;
      if (rows % TURN_MESSAGES !== 0) continue;
      await nextTurn();
      if (interrupted.aborted) break;
      progress.update(rows, rows / plan.messages);
    }
    await sink.finish();
  } finally {
    progress.end();
  }
  return rows;
}
