import { ConfigError } from '../src/config/index.js';
import { UsageError } from './usage-error.js';

export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;
export const EXIT_INTERRUPTED = 130;

/** Says on stderr what went wrong, without a stack; answers the exit code. */
export function reportFailure(error: unknown, advice?: string): number {
  process.stderr.write(`${describe(error)}\n`);
  if (error instanceof UsageError || error instanceof ConfigError || isParseArgsError(error)) {
    return EXIT_USAGE;
  }
  if (advice) process.stderr.write(`${advice}\n`);
  return EXIT_FAILED;
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.message === '' ? error.name : error.message;
  // The cause of a usage error is said in its message already.
  if (error instanceof UsageError || !error.cause) return own;
  return `${own}\n  because: ${describe(error.cause)}`;
}

function isParseArgsError(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    error.code.startsWith('ERR_PARSE_ARGS_')
  );
}
