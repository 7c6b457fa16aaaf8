import { ConfigError, type LogConfig } from '../config/index.js';
import { createLoggers, type Loggers } from './logger.js';
import { LogStream } from './log-stream.js';

const STDOUT = 1;
/** What a reader that is slow is given to take the last lines. */
const EXIT_FLUSH_MS = 500;

let stdout: LogStream | undefined;

/**
 * The loggers of this process, which write to its stdout.
 *
 * @throws ConfigError if lines are to be pretty where what makes them so is not installed
 */
export async function openLogs({ level, pretty }: LogConfig): Promise<Loggers> {
  const stream = (stdout ??= openStdout());
  const { logger, requests } = createLoggers(level, pretty ? await prettyOn(stream) : stream);
  stream.onDropped = (lines) =>
    logger.warn({ lines }, 'lines were dropped: stdout did not take them in time');
  return { logger, requests };
}

/** Resolves once what was logged so far is written, or cannot be in time. */
export async function flushLogs(timeoutMs: number): Promise<void> {
  await stdout?.flush(timeoutMs);
}

function openStdout(): LogStream {
  // Has Node make the descriptor of a pipe or a socket non-blocking: else a reader that reads no
  // more would hold a thread of the pool for ever, and with it the end of the process.
  void process.stdout;
  const stream = new LogStream(STDOUT);
  process.on('exit', () => stream.flushSync(EXIT_FLUSH_MS));
  return stream;
}

async function prettyOn(stream: LogStream) {
  const { prettyFactory } = await import('pino-pretty').catch(() => {
    throw new ConfigError([
      'LOG_PRETTY: must not be true where development packages are not installed',
    ]);
  });
  const format = prettyFactory({ colorize: process.stdout.isTTY });
  return { write: (line: string) => stream.write(format(line)) };
}
