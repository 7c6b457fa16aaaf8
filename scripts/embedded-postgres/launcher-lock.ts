import { link, rename, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { errorCode, readIfPresent } from './file-tree.js';
import { isAlive, startTime } from './processes.js';

/**
 * Keeps two launchers from using the same data: each would take the other's servers for leftovers
 * and stop them. The file names the holder by pid and start time, since pids are used again, so
 * the lock of a launcher that was killed is known to be stale.
 */
export class LauncherLock {
  private constructor(
    readonly file: string,
    readonly holder: string,
  ) {}

  static async acquire(dir: string): Promise<LauncherLock> {
    const file = path.join(dir, 'launcher.lock');
    const me = `${process.pid} ${(await startTime(process.pid)) ?? ''}`.trim();
    for (let attempt = 0; attempt < 10; attempt++) {
      if (await claim(file, me)) return new LauncherLock(file, me);
      const held = await readIfPresent(file);
      if (held === undefined) continue;
      if (await isHeld(held)) {
        throw new Error(`${dir} is in use by the process ${Number.parseInt(held, 10)}`);
      }
      await removeStale(file, held);
    }
    throw new Error(`${file} could not be taken: other launchers keep taking it`);
  }

  async release(): Promise<void> {
    if ((await readIfPresent(this.file)) === this.holder) await unlink(this.file);
  }
}

/** A link appears with its content at once, and only if there is none: nobody reads half a lock. */
async function claim(file: string, me: string): Promise<boolean> {
  const draft = nameOfOwn(file);
  await writeFile(draft, me, { mode: 0o600 });
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await unlink(draft);
  }
}

async function isHeld(held: string): Promise<boolean> {
  const [pid = '', ...started] = held.split(' ');
  if (!(Number(pid) > 0) || !(await isAlive(Number(pid)))) return false;
  return started.length === 0 || (await startTime(Number(pid))) === started.join(' ');
}

/** Takes it aside before looking again: another launcher may have replaced it by its own lock. */
async function removeStale(file: string, stale: string): Promise<void> {
  const aside = nameOfOwn(file);
  try {
    await rename(file, aside);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw error;
  }
  if ((await readIfPresent(aside)) !== stale) await link(aside, file).catch(() => undefined);
  await unlink(aside);
}

let names = 0;

function nameOfOwn(file: string): string {
  return `${file}.${process.pid}.${names++}`;
}
