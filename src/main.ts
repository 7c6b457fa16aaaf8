import { type Config, ConfigError, readConfig } from './config/index.js';
import { DatabaseStateError, migrate } from './database/index.js';
import { exitOnCrash, flushLogs, openLogs, redactText } from './logging/index.js';
import { ShutdownTimeoutError } from './running-server.js';
import { startServer } from './server.js';

const HELP = `Usage: node main.js [serve|migrate]

  serve    listen and answer (default)
  migrate  bring every shard to the schema of this version, then exit

Configuration comes from the environment: see .env.example.
`;

const LOG_FLUSH_MS = 1_000;
const EXPECTED = [ConfigError, DatabaseStateError, ShutdownTimeoutError];

async function main([command = 'serve']: string[]): Promise<void> {
  if (command === '--help' || command === '-h') {
    process.stdout.write(HELP);
    return;
  }
  const config = readConfig();
  if (command === 'migrate') {
    await migrate(config.database, (message) => process.stderr.write(`${message}\n`));
  } else if (command === 'serve') {
    await serve(config);
  } else {
    process.stderr.write(HELP);
    process.exitCode = 2;
  }
}

/** Serves until the first signal, and finishes what is running then. */
async function serve(config: Config): Promise<void> {
  const signal = firstSignal();
  exitOnCrash((await openLogs(config.log)).logger);
  const server = await Promise.race([startServer(config), signal]);
  // A start has nothing to finish.
  if (server) {
    await signal;
    await server.stop();
  }
  await end(0);
}

/** Resolves on the first signal that asks to stop; the second one does not wait for the end. */
function firstSignal(): Promise<void> {
  return new Promise((resolve) => {
    let stopping = false;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        if (stopping) process.exit(1);
        stopping = true;
        resolve();
      });
    }
  });
}

function fail(error: unknown): void {
  process.stderr.write(`${isExpected(error) ? causes(error) : inspectable(error)}\n`);
  void end(1);
}

/** Once what was logged is written, without a wait for a reader that takes it no more. */
async function end(code: number): Promise<never> {
  await flushLogs(LOG_FLUSH_MS);
  process.exit(code);
}

/** What an operator can mend needs no stack; anything else does. */
function isExpected(error: unknown): error is Error {
  return EXPECTED.some((type) => error instanceof type);
}

function causes(error: Error): string {
  // The faults of the configuration name variables, never values.
  const message = error instanceof ConfigError ? error.message : redactText(error.message);
  return error.cause instanceof Error ? `${message}\n  because: ${causes(error.cause)}` : message;
}

function inspectable(error: unknown): string {
  return redactText(error instanceof Error ? (error.stack ?? error.message) : String(error));
}

main(process.argv.slice(2)).catch(fail);
