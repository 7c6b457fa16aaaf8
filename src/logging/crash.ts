import type { Logger } from 'pino';
import { flushLogs } from './process-logs.js';

const FLUSH_MS = 1_000;

/**
 * Has an error that nobody caught logged, with all that was logged before, and the process end: what
 * state it is in nobody knows.
 */
export function exitOnCrash(logger: Logger): void {
  let crashed = false;
  process.on('uncaughtException', (error, origin) => {
    const what = origin === 'unhandledRejection' ? 'unhandled rejection' : 'uncaught exception';
    logger.fatal({ err: error }, `ended by an ${what}`);
    if (!crashed) void end();
    crashed = true;
  });
}

async function end(): Promise<never> {
  await flushLogs(FLUSH_MS);
  process.exit(1);
}
