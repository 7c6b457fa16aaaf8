import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const POLICY = '/usr/sbin/policy-rc.d';
const DEADLINE_MS = 300_000;

interface DebianPackage {
  readonly programs: readonly string[];
  readonly packageName: string;
  /** Tells a person what to install. */
  readonly otherwise: string;
}

/**
 * Sees to it that programs are on the PATH. Where that takes no more than Debian's own package
 * manager, their package is installed; it starts no service.
 *
 * @throws Error that says what to install
 */
export function ensureDebianPackage({ programs, packageName, otherwise }: DebianPackage): void {
  if (programs.every(isOnPath)) return;
  if (process.getuid?.() !== 0 || !isOnPath('apt-get')) throw new Error(otherwise);
  process.stderr.write(`installing ${packageName} (apt-get) ...\n`);
  if (!isKnown(packageName)) aptGet('update');
  withoutStartingServices(() => aptGet('install', '-y', '--no-install-recommends', packageName));
  for (const program of programs) {
    if (!isOnPath(program)) throw new Error(`the package ${packageName} brought no ${program}`);
  }
}

function isOnPath(program: string): boolean {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.some((folder) => folder !== '' && existsSync(join(folder, program)));
}

function isKnown(packageName: string): boolean {
  const { stdout } = spawnSync('apt-cache', ['policy', packageName], {
    encoding: 'utf8',
    env: environment(),
    timeout: DEADLINE_MS,
  });
  return /Candidate: (?!\(none\))/.test(stdout ?? '');
}

/** Debian's packages start their service when installed, unless this script forbids it. */
function withoutStartingServices(install: () => void): void {
  if (existsSync(POLICY)) {
    install();
    return;
  }
  writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    install();
  } finally {
    rmSync(POLICY, { force: true });
  }
}

function aptGet(...args: string[]): void {
  const options = ['-q', '-o', 'DPkg::Lock::Timeout=120'];
  const { status, error } = spawnSync('apt-get', [...options, ...args], {
    env: { ...environment(), DEBIAN_FRONTEND: 'noninteractive' },
    // What it prints is progress.
    stdio: ['ignore', 2, 2],
    timeout: DEADLINE_MS,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`apt-get ${args.join(' ')} failed`);
}

function environment(): NodeJS.ProcessEnv {
  return { ...process.env, LC_ALL: 'C' };
}
