import { ConfigError, readConfig } from './config/index.js';
import { DatabaseStateError, migrate } from './database/index.js';
import { startServer } from './server.js';

const HELP = `Usage: node main.js [serve|migrate]

  serve    listen and answer (default)
  migrate  bring every shard to the schema of this version, then exit

Configuration comes from the environment: see .env.example.
`;

async function main([command = 'serve']: string[]): Promise<void> {
  if (command === '--help' || command === '-h') {
    process.stdout.write(HELP);
    return;
  }
  const config = readConfig();
  if (command === 'migrate') {
    await migrate(config.database, (message) => process.stderr.write(`${message}\n`));
  } else if (command === 'serve') {
    const app = await startServer(config);
    stopOnSignal(() => app.close());
  } else {
    process.stderr.write(HELP);
    process.exitCode = 2;
  }
}

/** The first signal finishes what is running, a second one does not wait for it. */
function stopOnSignal(stop: () => Promise<void>): void {
  let stopping = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1);
      stopping = true;
      stop().then(
        () => process.exit(0),
        (error: unknown) => fail(error),
      );
    });
  }
}

function fail(error: unknown): never {
  // What an operator can mend needs no stack; anything else does.
  const expected = error instanceof ConfigError || error instanceof DatabaseStateError;
  process.stderr.write(`${expected ? causes(error) : inspectable(error)}\n`);
  process.exit(1);
}

function causes(error: Error): string {
  return error.cause instanceof Error
    ? `${error.message}\n  because: ${causes(error.cause)}`
    : error.message;
}

function inspectable(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

main(process.argv.slice(2)).catch(fail);
