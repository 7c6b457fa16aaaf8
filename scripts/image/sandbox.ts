import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './run.js';

const FIND_MS = 60_000;
const DEVICES = ['null', 'zero', 'random', 'urandom'];

/**
 * In a mount namespace of its own: the image's files read-only, a tmpfs on /tmp, /proc and a few
 * devices, as a container engine would have it. `$1` are the files, `$2` where they are mounted.
 */
const MOUNTS = `
set -e
mount --bind "$1" "$2"
mount -o remount,bind,ro,nosuid,nodev "$2"
mount -t tmpfs -o nosuid,nodev,noexec,size=16m,mode=1777 tmpfs "$2/tmp"
mount --bind /proc "$2/proc"
for device in ${DEVICES.join(' ')}; do mount --bind "/dev/$device" "$2/dev/$device"; done
`;

export interface SandboxOptions {
  /** The files of the image. */
  readonly root: string;
  /** An empty folder that everybody may enter. */
  readonly mountPoint: string;
  /** Numbers, as uid:gid. */
  readonly user: string;
}

/** Runs programs of an image as a container engine would, as far as that takes no engine. */
export class Sandbox {
  /** @throws Error unless the image says by number who it runs as */
  static async prepare(options: SandboxOptions): Promise<Sandbox> {
    if (!/^[1-9]\d*:[1-9]\d*$/.test(options.user)) {
      throw new Error(`the image runs as "${options.user}", which is not uid:gid of a common user`);
    }
    // A container engine makes these where an image has none.
    for (const folder of ['proc', 'dev', 'tmp']) {
      await mkdir(join(options.root, folder), { recursive: true });
    }
    for (const device of DEVICES) await writeFile(join(options.root, 'dev', device), '');
    await mkdir(options.mountPoint, { recursive: true, mode: 0o755 });
    return new Sandbox(options);
  }

  private constructor(private readonly options: SandboxOptions) {}

  /** The process is the program itself, not a shell before it. */
  start(command: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
    const { user, mountPoint } = this.options;
    const enter = ['setpriv', '--no-new-privs', 'chroot', '--groups=', `--userspec=${user}`];
    return spawn('unshare', this.mounted([...enter, mountPoint, ...command]), {
      // Where the tools are that enter it; what runs there has the image's own.
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /** What the image's user may write to, devices and /proc aside. */
  async writablePaths(): Promise<string[]> {
    const { user, mountPoint } = this.options;
    const [uid = '', gid = ''] = user.split(':');
    const become = ['setpriv', '--no-new-privs', `--reuid=${uid}`, `--regid=${gid}`];
    const aside = ['proc', 'dev'].map((name) => `-path ${join(mountPoint, name)} -prune -o`);
    // Nobody writes where they cannot enter.
    const closed = '-type d ( ! -readable -o ! -executable ) -prune -o';
    const find = `find ${mountPoint} ${aside.join(' ')} ${closed} -writable -print`.split(' ');
    const args = this.mounted([...become, '--clear-groups', ...find]);
    const printed = await run('unshare', args, { deadlineMs: FIND_MS });
    const paths = printed.split('\n').filter((path) => path !== '');
    return paths.map((path) => path.slice(mountPoint.length) || '/');
  }

  private mounted(command: readonly string[]): string[] {
    const { root, mountPoint } = this.options;
    const shell = ['sh', '-c', `${MOUNTS}\nshift 2\nexec "$@"`, 'sh', root, mountPoint];
    return ['--mount', '--propagation', 'private', ...shell, ...command];
  }
}
