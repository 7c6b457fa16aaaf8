import { chmod, chown, copyFile, cp, mkdir, realpath, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { run } from './run.js';

/**
 * Stand-ins for the base images, made of this machine's libraries, for where no registry can be
 * reached. They have what the real ones have and this project uses, at the same paths. What they
 * cannot show is that the real ones have it.
 */

const NONROOT = 65_532;
const STICKY = 0o1777;
const LDD_MS = 10_000;
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';

export interface StandInSources {
  /** Path of the node program. */
  readonly node: string;
  /** Folder of the npm package. */
  readonly npm: string;
}

/** As the official Node image: Node, npm, a shell. */
export async function fillBuildImage(root: string, { node, npm }: StandInSources): Promise<void> {
  await fillCommon(root);
  await installProgram(root, node, '/usr/local/bin/node');
  await installProgram(root, await realpath('/bin/sh'), '/bin/sh');
  await installProgram(root, '/usr/bin/env', '/usr/bin/env');
  const modules = '/usr/local/lib/node_modules';
  await mkdir(join(root, modules), { recursive: true });
  await cp(npm, join(root, modules, 'npm'), { recursive: true, dereference: true });
  await symlink(`${modules}/npm/bin/npm-cli.js`, join(root, '/usr/local/bin/npm'));
}

/** As distroless Node: Node, certificates, an account that is not root, and no shell. */
export async function fillRuntimeImage(root: string, { node }: StandInSources): Promise<void> {
  await fillCommon(root);
  await installProgram(root, node, '/nodejs/bin/node');
  await mkdir(join(root, 'home'));
  await mkdir(join(root, 'home/nonroot'), { mode: 0o700 });
  await chown(join(root, 'home/nonroot'), NONROOT, NONROOT);
}

export const RUNTIME_CONFIG = [
  `--user=${NONROOT}`,
  '--workingdir=/home/nonroot',
  '--entrypoint=["/nodejs/bin/node"]',
  `--env=SSL_CERT_FILE=${CERTIFICATES}`,
];

async function fillCommon(root: string): Promise<void> {
  for (const folder of ['etc/ssl/certs', 'root', 'tmp', 'usr/local/bin', 'usr/bin', 'bin']) {
    await mkdir(join(root, folder), { recursive: true });
  }
  await chmod(root, 0o755);
  await chmod(join(root, 'tmp'), STICKY);
  await copyFile(CERTIFICATES, join(root, CERTIFICATES));
  const accounts = [
    'root:x:0:0:root:/root:/sbin/nologin',
    `nonroot:x:${NONROOT}:${NONROOT}:nonroot:/home/nonroot:/sbin/nologin`,
  ];
  await writeFile(join(root, 'etc/passwd'), `${accounts.join('\n')}\n`);
  await writeFile(join(root, 'etc/group'), `root:x:0:\nnonroot:x:${NONROOT}:\n`);
}

async function installProgram(root: string, from: string, to: string): Promise<void> {
  await copy(from, join(root, to));
  await chmod(join(root, to), 0o755);
  for (const library of await sharedLibraries(from)) await copy(library, join(root, library));
}

/** What the dynamic linker loads for a program, and the linker. */
async function sharedLibraries(program: string): Promise<string[]> {
  const printed = await run('ldd', [program], { deadlineMs: LDD_MS });
  return [...printed.matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => path);
}

async function copy(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await copyFile(await realpath(from), to);
}
