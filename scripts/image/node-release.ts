import { access, mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Dockerfile, parseDockerfile } from './dockerfile.js';
import { run } from './run.js';

const INSTALL_MS = 300_000;
const KEPT = '.data/node';

/** The node program that the Dockerfile builds and runs with, for this machine. */
export async function nodeOfImage(): Promise<string> {
  return nodeRelease(releaseOf(parseDockerfile(await readFile('Dockerfile', 'utf8'))));
}

/** @throws Error if the Dockerfile does not name one */
export function releaseOf({ arguments: values }: Dockerfile): string {
  const image = values.get('BUILD_IMAGE');
  const version = /:(\d+\.\d+\.\d+)/.exec(image ?? '')?.[1];
  if (!version) throw new Error(`BUILD_IMAGE names no release of Node: ${image}`);
  return version;
}

/**
 * The node program of a release, from the npm registry, where each is published as a package; kept
 * from one time to the next.
 */
export async function nodeRelease(version: string): Promise<string> {
  const name = `node-${process.platform}-${process.arch}`;
  const prefix = resolve(KEPT, version);
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
