import { execFile } from 'node:child_process';
import type { Account } from './account.js';

export interface RunResult {
  readonly ok: boolean;
  /** What it printed, or why it could not be run. */
  readonly output: string;
}

/** Runs a program as `account` to its end, or until the deadline kills it; never rejects. */
export function runAs(
  account: Account,
  file: string,
  args: readonly string[],
  options: { cwd?: string; deadlineMs?: number } = {},
): Promise<RunResult> {
  return new Promise((resolve) => {
    execFile(
      file,
      args,
      {
        ...account.switchTo,
        // The folder this process stands in may be closed to the other account.
        cwd: options.cwd ?? '/',
        env: serverEnvironment(),
        timeout: options.deadlineMs ?? 10_000,
        killSignal: 'SIGKILL',
        maxBuffer: 16 * 1024 * 1024,
      },
      (error, stdout, stderr) => {
        const output = `${stdout}${stderr}`.trim();
        resolve({ ok: !error, output: output || (error?.message ?? '') });
      },
    );
  });
}

/**
 * A small environment: the launcher's secrets are no business of the server, `PG*` variables would
 * change its behaviour, and the messages we look for in its log must be English.
 */
export function serverEnvironment(): NodeJS.ProcessEnv {
  const { PATH, LD_LIBRARY_PATH } = process.env;
  return { PATH, LC_ALL: 'C', ...(LD_LIBRARY_PATH ? { LD_LIBRARY_PATH } : {}) };
}
