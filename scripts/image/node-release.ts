import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './run.js';

const INSTALL_MS = 300_000;

/**
 * The node program of a release, from the npm registry, where each is published as a package.
 *
 * @param directory kept from one time to the next
 */
export async function nodeRelease(version: string, directory: string): Promise<string> {
  const name = `node-linux-${process.arch}`;
  const prefix = join(directory, `node-${version}`);
  const program = join(prefix, 'node_modules', name, 'bin/node');
  const found = await access(program).then(
    () => true,
    () => false,
  );
  if (!found) {
    await mkdir(prefix, { recursive: true });
    const flags = ['--prefix', prefix, '--no-save', '--no-package-lock', '--ignore-scripts'];
    await npm(['install', ...flags, `${name}@${version}`], INSTALL_MS);
  }
  const printed = (await run(program, ['--version'], { deadlineMs: 10_000 })).trim();
  if (printed !== `v${version}`) throw new Error(`${program} is ${printed}, not v${version}`);
  return program;
}

/** Runs the npm that runs this, or that of the PATH. */
export function npm(args: readonly string[], deadlineMs: number): Promise<string> {
  const cli = process.env['npm_execpath'];
  return cli && /\.c?js$/.test(cli)
    ? run(process.execPath, [cli, ...args], { deadlineMs })
    : run('npm', args, { deadlineMs });
}
