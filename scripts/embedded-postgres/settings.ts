import { appendFile } from 'node:fs/promises';
import path from 'node:path';
import type { Account } from './account.js';
import { readIfPresent, writePrivate } from './file-tree.js';

/** Parameters of postgresql.conf, by name. */
export type Settings = Readonly<Record<string, string | number | boolean>>;

/** Modest, so that several servers fit on a laptop; the same on replicas, which may not have less. */
export const DEFAULT_SETTINGS: Settings = {
  max_connections: 100,
  shared_buffers: '128MB',
  wal_level: 'replica',
  hot_standby: true,
  max_wal_senders: 10,
  max_replication_slots: 10,
  // What a replica that stays away may make its primary keep; after that it is copied anew.
  max_slot_wal_keep_size: '1GB',
  // How long a replica waits before it asks again for a primary that was away (5 s by default).
  wal_retrieve_retry_interval: '500ms',
  log_line_prefix: '%m [%p] ',
  timezone: 'UTC',
  log_timezone: 'UTC',
};

const FILE = 'embedded.conf';

/** Makes a new data directory read our settings file; `ALTER SYSTEM` still comes after it. */
export async function includeSettings(dataDir: string): Promise<void> {
  await appendFile(path.join(dataDir, 'postgresql.conf'), `\ninclude_if_exists = '${FILE}'\n`);
}

/** Writes the settings of the next start over those of the last one. */
export async function writeSettings(
  dataDir: string,
  settings: Settings,
  account: Account,
): Promise<void> {
  const lines = Object.entries(settings).map(([name, value]) => line(name, value));
  await writePrivate(path.join(dataDir, FILE), lines.join(''), account);
}

/** Sets parameters in postgresql.auto.conf and leaves what `ALTER SYSTEM` wrote there otherwise. */
export async function setAutoConf(
  dataDir: string,
  settings: Settings,
  account: Account,
): Promise<void> {
  const file = path.join(dataDir, 'postgresql.auto.conf');
  const others = ((await readIfPresent(file)) ?? '')
    .split('\n')
    .filter((text) => text.trim() !== '' && !((text.split('=')[0] ?? '').trim() in settings))
    .map((text) => `${text}\n`);
  const ours = Object.entries(settings).map(([name, value]) => line(name, value));
  await writePrivate(file, [...others, ...ours].join(''), account);
}

/** A libpq connection string. */
export function connectionString(parts: Readonly<Record<string, string | number>>): string {
  return Object.entries(parts)
    .map(([key, value]) => `${key}='${String(value).replace(/[\\']/g, '\\$&')}'`)
    .join(' ');
}

function line(name: string, value: string | number | boolean): string {
  if (!/^[a-z_][a-z0-9_.]*$/i.test(name)) throw new Error(`"${name}" is no name of a setting`);
  const text = typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value);
  if (/[\r\n]/.test(text)) throw new Error(`the setting "${name}" must be on one line`);
  return `${name} = '${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'\n`;
}
