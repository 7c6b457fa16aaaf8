import { spawn } from 'node:child_process';

export interface RunOptions {
  readonly deadlineMs: number;
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
  /** Told of each line that the program prints, on either stream. */
  readonly onLine?: (line: string) => void;
}

const SHOWN_LINES = 40;

/**
 * Runs a program to its end.
 *
 * @returns what it printed on stdout
 * @throws Error with its last lines if it fails or takes too long
 */
export function run(
  file: string,
  args: readonly string[],
  { deadlineMs, env = process.env, input = '', onLine }: RunOptions,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      env: { ...env, LC_ALL: 'C' },
      timeout: deadlineMs,
      killSignal: 'SIGKILL',
    });
    let stdout = '';
    const lines: string[] = [];
    const listen = (stream: NodeJS.ReadableStream, keep: (text: string) => void) => {
      let rest = '';
      stream.setEncoding('utf8').on('data', (text: string) => {
        keep(text);
        const parts = (rest + text).split('\n');
        rest = parts.pop() ?? '';
        for (const line of parts) {
          lines.push(line);
          onLine?.(line);
        }
      });
      stream.on('end', () => rest !== '' && lines.push(rest));
    };
    listen(child.stdout, (text) => (stdout += text));
    listen(child.stderr, () => undefined);
    child.once('error', (cause) => reject(new Error(`${file} cannot be run`, { cause })));
    child.once('close', (code, signal) => {
      if (code === 0) return resolve(stdout);
      const end = signal === null ? `failed with ${code}` : `was ended by ${signal}`;
      reject(
        new Error(`${file} ${args.join(' ')} ${end}:\n${lines.slice(-SHOWN_LINES).join('\n')}`),
      );
    });
    child.stdin.on('error', () => undefined).end(input);
  });
}
