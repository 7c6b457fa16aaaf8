import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { npm } from './node-release.js';

const CONFIG_MS = 30_000;
/** Where the Dockerfile shows the certificates to npm. */
const CA_IN_BUILD = '/run/secrets/npm-ca';
const NAMES = ['registry', 'proxy', 'https-proxy', 'noproxy', 'strict-ssl'];

/**
 * How npm reaches its registry on this machine, as secrets of the build: nothing of it stays in the
 * image.
 *
 * @param directory where the files are written that hold them; to be removed afterwards
 */
export async function npmSecrets(directory: string): Promise<Record<string, string>> {
  const lines: string[] = [];
  // Accounts, and registries of a scope, stand nowhere else.
  const userConfig = await setting('userconfig');
  const own = userConfig ? await readFile(userConfig, 'utf8').catch(() => '') : '';
  lines.push(...own.split('\n').filter((line) => /^(\/\/|@)/.test(line)));
  for (const name of NAMES) {
    const value = await setting(name);
    if (value !== undefined) lines.push(`${name}=${value}`);
  }
  const secrets: Record<string, string> = { npmrc: join(directory, 'npmrc') };
  const caFile = await setting('cafile');
  if (caFile !== undefined) {
    lines.push(`cafile=${CA_IN_BUILD}`);
    secrets['npm-ca'] = caFile;
  }
  await writeFile(join(directory, 'npmrc'), `${lines.join('\n')}\n`, { mode: 0o600 });
  return secrets;
}

async function setting(name: string): Promise<string | undefined> {
  const value = (await npm(['config', 'get', name], CONFIG_MS)).trim();
  return ['', 'null', 'undefined'].includes(value) ? undefined : value;
}
