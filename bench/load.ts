import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ensureDebianPackage } from '../scripts/debian-package.js';

export interface Load {
  readonly kind: 'post' | 'page';
  readonly tags: number;
  readonly connections: number;
  readonly seconds: number;
}

const GRACE_MS = 10_000;

/**
 * Asks as fast as answers come, with random tags. By wrk: a generator in JavaScript takes as much
 * of the machine as what is measured.
 *
 * @returns requests answered in a second
 * @throws Error if any answer was not the one asked for
 */
export async function requestsPerSecond(url: string, load: Load): Promise<number> {
  const { kind, tags, connections, seconds } = load;
  const options = ['-t', '1', '-c', String(connections), '-d', `${seconds}s`, '--timeout', '10s'];
  const script = ['-s', join(process.cwd(), 'bench/load.lua'), url, '--', kind, String(tags)];
  const { stdout } = await promisify(execFile)('wrk', [...options, ...script], {
    timeout: seconds * 1_000 + GRACE_MS,
  });
  const fault = /^ *(Non-2xx or 3xx responses|Socket errors):.*$/m.exec(stdout)?.[0];
  if (fault) throw new Error(fault.trim());
  const rate = /^Requests\/sec: +([\d.]+)$/m.exec(stdout)?.[1];
  if (rate === undefined) throw new Error(`wrk did not say how much it did:\n${stdout}`);
  return Number(rate);
}

/** @throws Error that says what to install */
export function ensureLoadGenerator(): void {
  ensureDebianPackage({
    programs: ['wrk'],
    packageName: 'wrk',
    otherwise:
      'The measurements need wrk on the PATH. Install it, for example with ' +
      '"sudo apt-get install wrk" or "brew install wrk".',
  });
}
