import type { Binaries } from './binaries.js';
import { copyData, discardData, hasData } from './data-directory.js';
import { ensureSlot, renewSlot, untilStreaming, withClient } from './replication.js';
import type { PostgresServer } from './server.js';
import { connectionString, setAutoConf } from './settings.js';
import type { Storage } from './storage.js';

export interface ReplicaOptions {
  readonly dir: string;
  readonly primary: PostgresServer;
  readonly replica: PostgresServer;
  readonly storage: Storage;
  readonly binaries: Binaries;
  readonly password: string;
  readonly durable: boolean;
  readonly onProgress: (message: string) => void;
}

/**
 * Brings a replica to where it streams from the primary: as it is when its data allow that, else
 * with a new copy. A replica holds nothing that the primary has not, so nothing is lost by it.
 */
export async function followPrimary(options: ReplicaOptions): Promise<void> {
  const { dir, primary, replica, onProgress } = options;
  if (await hasData(dir)) {
    try {
      await ensureSlot(primary, slotOf(replica));
      await runAndStream(options);
      return;
    } catch (error) {
      onProgress(`${replica.name}: is copied anew: ${String(error)}`);
      await replica.stop('immediate');
      await discardData(dir);
    }
  }
  await copyAnew(options);
  await runAndStream(options);
}

async function copyAnew(options: ReplicaOptions): Promise<void> {
  const { dir, primary, replica, onProgress } = options;
  onProgress(`${replica.name}: copying ${primary.name}`);
  await renewSlot(primary, slotOf(replica));
  await copyData(dir, primary, { ...options, label: replica.name });
}

/** The primary's port may have changed since the last time, so its address is written each time. */
async function runAndStream(options: ReplicaOptions): Promise<void> {
  const { primary, replica, storage, password } = options;
  const address = connectionString({
    host: '127.0.0.1',
    port: primary.port,
    user: 'postgres',
    password,
    application_name: replica.name,
    // A primary that is frozen, not dead, is noticed too.
    connect_timeout: 5,
    sslmode: 'disable',
    gssencmode: 'disable',
  });
  const settings = { primary_conninfo: address, primary_slot_name: slotOf(replica) };
  await setAutoConf(replica.dataDir, settings, storage.account);
  if (replica.running) {
    await withClient(replica, (client) => client.query('SELECT pg_reload_conf()'));
  } else {
    await replica.start();
  }
  await untilStreaming(primary, replica);
}

/** Names of slots are stricter than those of servers. */
function slotOf(replica: PostgresServer): string {
  return replica.name.toLowerCase().replace(/[^a-z0-9]/g, '_');
}
