import {
  chmod,
  copyFile,
  lchown,
  lstat,
  mkdir,
  readdir,
  readFile,
  writeFile,
} from 'node:fs/promises';
import { constants } from 'node:fs';
import path from 'node:path';
import type { Account } from './account.js';

/** Gives a folder and everything in it to `account`; nothing to do when that is this process's. */
export async function giveTree(root: string, account: Account): Promise<void> {
  if (!account.switchTo) return;
  const { uid, gid } = account.switchTo;
  const give = async (item: string): Promise<void> => {
    await lchown(item, uid, gid);
    if (!(await lstat(item)).isDirectory()) return;
    for (const name of await readdir(item)) await give(path.join(item, name));
  };
  await give(root);
}

/**
 * Copies a folder whose files may come and go meanwhile (the data of a running server): a file that
 * has vanished is left out, where `fs.cp` would give up. `skip` sees paths relative to the root.
 */
export async function copyLiveTree(
  from: string,
  to: string,
  skip: (relative: string) => boolean,
): Promise<void> {
  const copyFolder = async (relative: string): Promise<void> => {
    await mkdir(path.join(to, relative), { recursive: true, mode: 0o700 });
    const entries = await ifPresent(readdir(path.join(from, relative), { withFileTypes: true }));
    for (const entry of entries ?? []) {
      const item = path.join(relative, entry.name);
      if (skip(item)) continue;
      if (entry.isDirectory()) await copyFolder(item);
      else if (entry.isFile()) {
        const target = path.join(to, item);
        // FICLONE: an instant copy-on-write clone on file systems that have it.
        await ifPresent(copyFile(path.join(from, item), target, constants.COPYFILE_FICLONE));
      }
    }
  };
  await copyFolder('');
}

/** Writes a file that only `account` may read: it may hold a password. */
export async function writePrivate(file: string, text: string, account: Account): Promise<void> {
  await writeFile(file, text, { mode: 0o600 });
  await chmod(file, 0o600);
  if (account.switchTo) await lchown(file, account.switchTo.uid, account.switchTo.gid);
}

/** The text of a file, or undefined when there is none. */
export function readIfPresent(file: string): Promise<string | undefined> {
  return ifPresent(readFile(file, 'utf8'));
}

/** Whether anything, even a dangling link, has this name. */
export async function exists(item: string): Promise<boolean> {
  return (await ifPresent(lstat(item))) !== undefined;
}

/** The code of a system error (`ENOENT`) or of a PostgreSQL one (`42P04`). */
export function errorCode(error: unknown): string | undefined {
  // No instanceof: Jest runs tests in a realm whose Error is another one.
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

async function ifPresent<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
