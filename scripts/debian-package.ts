import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const DEADLINE_MS = 300_000;

/** Held while something is installed: two installations at once would fail, or start services. */
const LOCK = '/run/lock/messages-debian-package';

/**
 * Installs the package `$1`. Debian's packages start their service when installed, unless the
 * script `policy-rc.d` forbids it. Without a candidate the lists of packages are not there yet.
 */
const INSTALL = `
set -e
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\\nexit 101\\n' > "$policy"
  chmod 755 "$policy"
fi
get="apt-get -q -o DPkg::Lock::Timeout=120"
apt-cache policy "$1" | grep -q 'Candidate: [^(]' || $get update
$get install -y --no-install-recommends "$1"
`;

interface DebianPackage {
  readonly programs: readonly string[];
  readonly packageName: string;
  /** Tells a person what to install. */
  readonly otherwise: string;
}

/**
 * Sees to it that programs are on the PATH. Where that takes no more than Debian's own package
 * manager, their package is installed; it starts no service. Processes that call it at once take
 * turns.
 *
 * @throws Error that says what to install
 */
export function ensureDebianPackage({ programs, packageName, otherwise }: DebianPackage): void {
  if (programs.every(isOnPath)) return;
  if (process.getuid?.() !== 0 || !isOnPath('apt-get')) throw new Error(otherwise);
  process.stderr.write(`installing ${packageName} (apt-get) ...\n`);
  const { status, error } = spawnSync('flock', [LOCK, 'sh', '-c', INSTALL, 'sh', packageName], {
    env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
    // What it prints is progress.
    stdio: ['ignore', 2, 2],
    timeout: DEADLINE_MS,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`the package ${packageName} could not be installed`);
  for (const program of programs) {
    if (!isOnPath(program)) throw new Error(`the package ${packageName} brought no ${program}`);
  }
}

function isOnPath(program: string): boolean {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.some((folder) => folder !== '' && existsSync(join(folder, program)));
}
