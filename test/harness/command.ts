import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const DEADLINE_MS = 50_000;

/** The arguments with which Node runs one of the project's commands, as scripts/run.mjs does. */
export function commandLine(name: string, args: readonly string[]): string[] {
  const script = pathToFileURL(join(process.cwd(), 'build/scripts', `${name}.js`)).href;
  const list = JSON.stringify(args);
  return ['-e', `import('${script}').then(async ({ main }) => process.exit(await main(${list})))`];
}

export function runCommand(
  name: string,
  args: readonly string[],
  { cwd, env = {} }: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv },
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const options = { cwd, env: { PATH: process.env['PATH'], ...env }, timeout: DEADLINE_MS };
    execFile(process.execPath, commandLine(name, args), options, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') reject(error);
      else resolve({ code: Number(error?.code ?? 0), stdout, stderr });
    });
  });
}
