// JavaScript, because Jest's global set-up calls it.
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const PACKAGE = 'redis-server';
const POLICY = '/usr/sbin/policy-rc.d';
const DEADLINE_MS = 300_000;

/**
 * Sees to it that `redis-server` is on the PATH. Where that takes no more than Debian's own package
 * manager, it is installed.
 *
 * @throws Error that says what to install
 */
export function ensureRedisServer() {
  if (isOnPath('redis-server')) return;
  if (process.getuid?.() !== 0 || !isOnPath('apt-get')) {
    throw new Error(
      'The tests need redis-server 6.2 or newer on the PATH. Install it, for example with ' +
        '"sudo apt-get install redis-server" or "brew install redis".',
    );
  }
  process.stderr.write('[test] installing redis-server (apt-get) ...\n');
  if (!isKnown()) aptGet('update');
  withoutStartingServices(() => aptGet('install', '-y', '--no-install-recommends', PACKAGE));
  if (!isOnPath('redis-server')) throw new Error(`the package ${PACKAGE} brought no redis-server`);
}

function isOnPath(program) {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.some((folder) => folder !== '' && existsSync(join(folder, program)));
}

function isKnown() {
  const { stdout } = spawnSync('apt-cache', ['policy', PACKAGE], {
    encoding: 'utf8',
    env: environment(),
    timeout: DEADLINE_MS,
  });
  return /Candidate: (?!\(none\))/.test(stdout ?? '');
}

/** Debian's packages start their service when installed, unless this script forbids it. */
function withoutStartingServices(install) {
  if (existsSync(POLICY)) return install();
  writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    return install();
  } finally {
    rmSync(POLICY, { force: true });
  }
}

function aptGet(...args) {
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

function environment() {
  return { ...process.env, LC_ALL: 'C' };
}
