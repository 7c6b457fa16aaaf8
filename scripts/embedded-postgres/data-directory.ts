import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Client } from 'pg';
import { endClient } from './admin-client.js';
import type { Binaries } from './binaries.js';
import { copyLiveTree, exists, giveTree, writePrivate } from './file-tree.js';
import { runAs } from './run-as.js';
import type { PostgresServer } from './server.js';
import { includeSettings } from './settings.js';
import type { Storage } from './storage.js';

const INITDB_MS = 120_000;
const TEMPORARY = 'data.new-';

/** Whether a complete data directory is there; rests of one that was never completed are removed. */
export async function hasData(dir: string): Promise<boolean> {
  for (const name of (await exists(dir)) ? await readdir(dir) : []) {
    if (name.startsWith(TEMPORARY)) await removeTree(path.join(dir, name));
  }
  return exists(path.join(dir, 'data', 'PG_VERSION'));
}

/** Makes an empty PostgreSQL in `dir`/data. */
export async function createData(
  dir: string,
  options: { storage: Storage; binaries: Binaries; passwordFile: string; durable: boolean },
): Promise<void> {
  const { storage, binaries, passwordFile } = options;
  await complete(dir, storage, async (data) => {
    const args = ['-D', data, '--username=postgres', '--auth=scram-sha-256'];
    // The builtin provider sorts the same on every machine, whatever its C library.
    args.push('--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8');
    args.push('--locale=C', `--pwfile=${passwordFile}`, '--no-instructions');
    if (!options.durable) args.push('--no-sync');
    const { ok, output } = await runAs(storage.account, binaries.initdb, args, {
      cwd: storage.root,
      deadlineMs: INITDB_MS,
    });
    if (!ok) throw new Error(`initdb failed: ${output}`);
    await includeSettings(data);
  });
}

/**
 * Makes `dir`/data a standby of the running primary: what pg_basebackup does, which the npm package
 * does not ship. The WAL written meanwhile comes later by streaming, so a replication slot must
 * already hold it back.
 */
export async function copyData(
  dir: string,
  primary: PostgresServer,
  options: { storage: Storage; binaries: Binaries; label: string; durable: boolean },
): Promise<void> {
  const { storage, binaries, label } = options;
  await complete(dir, storage, async (data) => {
    const client = await primary.adminClient();
    try {
      // Start and stop belong to one session; `true` is a checkpoint at once.
      await client.query('SELECT pg_backup_start($1, true)', [label]);
      await copyLiveTree(primary.dataDir, data, isNotForStandby);
      await writeLabels(data, client, storage);
    } finally {
      await endClient(client);
    }
    await writePrivate(path.join(data, 'standby.signal'), '', storage.account);
    await giveTree(data, storage.account);
    if (!options.durable) return;
    const sync = await runAs(storage.account, binaries.initdb, ['--sync-only', '-D', data], {
      deadlineMs: INITDB_MS,
    });
    if (!sync.ok) throw new Error(`the copy could not be synced: ${sync.output}`);
  });
}

/** Throws a data directory away. */
export async function discardData(dir: string): Promise<void> {
  const data = path.join(dir, 'data');
  if (!(await exists(data))) return;
  // Renamed first: a removal that is interrupted must not leave half a data directory.
  const aside = await mkdtemp(path.join(dir, TEMPORARY));
  await rename(data, path.join(aside, 'data'));
  await removeTree(aside);
}

/** Made under another name and then renamed, so that `data` means a complete data directory. */
async function complete(
  dir: string,
  storage: Storage,
  make: (data: string) => Promise<void>,
): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const data = await mkdtemp(path.join(dir, TEMPORARY));
  await giveTree(dir, storage.account);
  try {
    await make(data);
    await rename(data, path.join(dir, 'data'));
  } catch (error) {
    await removeTree(data);
    throw error;
  }
}

async function writeLabels(data: string, client: Client, storage: Storage): Promise<void> {
  const { rows } = await client.query<{ labelfile: string; spcmapfile: string }>(
    'SELECT labelfile, spcmapfile FROM pg_backup_stop(false)',
  );
  const stopped = rows[0];
  if (!stopped) throw new Error('pg_backup_stop answered nothing');
  await writePrivate(path.join(data, 'backup_label'), stopped.labelfile, storage.account);
  if (stopped.spcmapfile) {
    await writePrivate(path.join(data, 'tablespace_map'), stopped.spcmapfile, storage.account);
  }
}

/** What pg_basebackup leaves out too: what belongs to the running server, or is rebuilt at start. */
function isNotForStandby(relative: string): boolean {
  const [top = '', ...rest] = relative.split(path.sep);
  const name = path.basename(relative);
  if (rest.length === 0) {
    return /^(postmaster\..*|.*\.log|.*\.tmp|backup_label.*|tablespace_map.*|.*\.signal)$/.test(
      top,
    );
  }
  if (top === 'pg_wal') return !['archive_status', 'summaries'].includes(rest.join('/'));
  if (/^pg_(replslot|stat_tmp|dynshmem|notify|serial|snapshots|subtrans)$/.test(top)) return true;
  return name.startsWith('pgsql_tmp') || name.startsWith('pg_internal.init');
}

function removeTree(folder: string): Promise<void> {
  // Retries: a program of a killed launcher may still be writing there.
  return rm(folder, { recursive: true, force: true, maxRetries: 5 });
}
