import { chown, lstat, mkdir, mkdtemp, readdir, readlink, realpath } from 'node:fs/promises';
import { chmod, rm, rmdir, symlink, unlink } from 'node:fs/promises';
import path from 'node:path';
import { serverAccount, type Account } from './account.js';
import { errorCode, exists, giveTree } from './file-tree.js';
import { runAs } from './run-as.js';

export interface Storage {
  /** The real folder, without links; every path handed to PostgreSQL starts with it. */
  readonly root: string;
  readonly account: Account;
}

const PREFIX = 'messages-postgres-';
const ELSEWHERE = ['/var/lib', '/var/tmp'];

/**
 * Makes `dir` a folder that the PostgreSQL account owns and can reach. A checkout below a folder
 * that only root may enter cannot hold one: then `dir` becomes a link to a folder under /var/lib,
 * so that the next start finds the same data.
 */
export async function openStorage(dir: string): Promise<Storage> {
  const account = await serverAccount();
  const wanted = path.resolve(dir);
  await mkdir(path.dirname(wanted), { recursive: true });
  await dropDanglingLink(wanted);
  if (!(await exists(wanted))) await mkdir(wanted, { recursive: true, mode: 0o700 });
  let root = await realpath(wanted);
  await takeOwnership(root, account);
  if (!(await reachable(root, account))) root = await moveElsewhere(wanted, account);
  return { root, account };
}

/** Removes a storage, also the folder that its link leads to. */
export async function removeStorage(dir: string): Promise<void> {
  const wanted = path.resolve(dir);
  if (!(await exists(wanted))) return;
  const options = { recursive: true, force: true, maxRetries: 5 };
  if ((await lstat(wanted)).isSymbolicLink()) {
    const target = path.resolve(path.dirname(wanted), await readlink(wanted));
    // Only what `moveElsewhere` made; a link that a person made leads to what is theirs.
    if (isOurs(target)) await rm(target, options);
  }
  await rm(wanted, options);
}

/** The real folder is gone (a rebuilt container, a cleaned /var): the link leads nowhere. */
async function dropDanglingLink(wanted: string): Promise<void> {
  if (!(await exists(wanted)) || !(await lstat(wanted)).isSymbolicLink()) return;
  if (!(await realpath(wanted).catch(() => undefined))) await unlink(wanted);
}

/** Also when the account has changed since: `postgres` was installed after `nobody` made it. */
async function takeOwnership(root: string, account: Account): Promise<void> {
  if (!account.switchTo || (await lstat(root)).uid === account.switchTo.uid) return;
  await giveTree(root, account);
  await chmod(root, 0o700);
}

async function reachable(root: string, account: Account): Promise<boolean> {
  const test = 'test -x "$1" && test -w "$1"';
  return (await runAs(account, '/bin/sh', ['-c', test, 'sh', root])).ok;
}

async function moveElsewhere(wanted: string, account: Account): Promise<string> {
  if (!account.switchTo) throw new Error(`${wanted} is not writable for this account`);
  if ((await lstat(wanted)).isSymbolicLink() || (await readdir(wanted)).length > 0) {
    throw new Error(
      `${wanted} holds files but the account "${account.name}" cannot reach it; move it away`,
    );
  }
  const real = await makeReachableFolder(account);
  try {
    await rmdir(wanted);
    await symlink(real, wanted);
  } catch (error) {
    await rm(real, { recursive: true, force: true });
    // Another launcher was here first: its folder is the one.
    if (['EEXIST', 'ENOTDIR', 'ENOENT'].includes(errorCode(error) ?? '')) {
      const theirs = await realpath(wanted);
      if (isOurs(theirs)) return theirs;
    }
    throw error;
  }
  return realpath(real);
}

async function makeReachableFolder(account: Account): Promise<string> {
  for (const parent of ELSEWHERE) {
    const folder = await mkdtemp(path.join(parent, PREFIX)).catch(() => undefined);
    if (!folder) continue;
    if (account.switchTo) await chown(folder, account.switchTo.uid, account.switchTo.gid);
    if (await reachable(folder, account)) return folder;
    await rmdir(folder);
  }
  throw new Error(`no folder for data under ${ELSEWHERE.join(' or ')} for "${account.name}"`);
}

function isOurs(folder: string): boolean {
  return path.basename(folder).startsWith(PREFIX);
}
