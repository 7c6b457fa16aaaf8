import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ensureDebianPackage } from '../scripts/debian-package.js';

export interface Load {
  /** `mix` is 5 % posts, the rest pages, of tags by Zipf's law: the n-th is asked for 1/n as often. */
  readonly kind: 'post' | 'page' | 'mix';
  readonly tags: number;
  readonly connections: number;
  readonly seconds: number;
}

const GRACE_MS = 10_000;

export interface Answered {
  readonly requests: number;
  readonly perSecond: number;
}

/** @returns requests answered in a second, of what `ask` does */
export async function requestsPerSecond(url: string, load: Load): Promise<number> {
  return (await ask(url, load)).perSecond;
}

/**
 * Asks as fast as answers come, with random tags. By wrk: a generator in JavaScript takes as much
 * of the machine as what is measured.
 *
 * @throws Error if any answer was not the one asked for
 */
export async function ask(url: string, load: Load): Promise<Answered> {
  const { kind, tags, connections, seconds } = load;
  const options = ['-t', '1', '-c', String(connections), '-d', `${seconds}s`, '--timeout', '10s'];
  const script = ['-s', join(process.cwd(), 'bench/load.lua'), url, '--', kind, String(tags)];
  const { stdout } = await promisify(execFile)('wrk', [...options, ...script], {
    timeout: seconds * 1_000 + GRACE_MS,
  });
  const fault = /^ *(Non-2xx or 3xx responses|Socket errors):.*$/m.exec(stdout)?.[0];
  if (fault) throw new Error(fault.trim());
  const requests = /^ *(\d+) requests in /m.exec(stdout)?.[1];
  const rate = /^Requests\/sec: +([\d.]+)$/m.exec(stdout)?.[1];
  if (requests === undefined || rate === undefined) {
    throw new Error(`wrk did not say how much it did:\n${stdout}`);
  }
  return { requests: Number(requests), perSecond: Number(rate) };
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
