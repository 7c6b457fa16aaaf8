import type { Client } from 'pg';
import { endClient } from './admin-client.js';
import type { PostgresServer } from './server.js';
import { waitUntil } from './wait-until.js';

const STREAMING_MS = 30_000;
const SLOT_MS = 10_000;

/** What a replica's log says when waiting longer is no use: it must be copied anew. */
const HOPELESS =
  /database system identifier differs|has already been removed|can no longer (get|access)|is behind timeline|ahead of the WAL flush position|is not in this server's history|invalid(ated)? (because|due)|recovery aborted because of insufficient/;

/** Makes sure that the primary keeps the WAL that this replica has not received yet. */
export async function ensureSlot(primary: PostgresServer, slot: string): Promise<void> {
  await withClient(primary, async (client) => {
    const { rowCount } = await client.query(
      'SELECT 1 FROM pg_replication_slots WHERE slot_name = $1',
      [slot],
    );
    if (!rowCount)
      await client.query('SELECT pg_create_physical_replication_slot($1, true)', [slot]);
  });
}

/** Starts the slot over for a new copy, also when it was invalidated. */
export async function renewSlot(primary: PostgresServer, slot: string): Promise<void> {
  await withClient(primary, async (client) => {
    await waitUntil(`the replication slot ${slot} to be free`, SLOT_MS, async () => {
      const { rows } = await client.query<{ active_pid: number | null }>(
        'SELECT active_pid FROM pg_replication_slots WHERE slot_name = $1',
        [slot],
      );
      const pid = rows[0]?.active_pid;
      if (pid) await client.query('SELECT pg_terminate_backend($1)', [pid]);
      return !pid;
    });
    await client.query(
      'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1',
      [slot],
    );
    await client.query('SELECT pg_create_physical_replication_slot($1, true)', [slot]);
  });
}

/** Waits until the replica receives WAL as it is written. */
export async function untilStreaming(
  primary: PostgresServer,
  replica: PostgresServer,
): Promise<void> {
  await withClient(primary, (client) =>
    waitUntil(`${replica.name} to stream`, STREAMING_MS, async () => {
      if (!replica.running) throw new Error(`${replica.name} ended`);
      const { rowCount } = await client.query(
        `SELECT 1 FROM pg_stat_replication WHERE application_name = $1 AND state = 'streaming'`,
        [replica.name],
      );
      if (rowCount) return true;
      const log = await replica.log.ofThisRun();
      const hopeless = log.split('\n').find((line) => HOPELESS.test(line));
      if (hopeless) throw new Error(`${replica.name} can no longer follow: ${hopeless}`);
      return false;
    }),
  );
}

/** Waits until the replicas have applied everything that the primary has written so far. */
export async function untilReplayed(
  primary: PostgresServer,
  replicas: readonly PostgresServer[],
  deadlineMs: number,
): Promise<void> {
  await withClient(primary, async (client) => {
    const { rows } = await client.query<{ lsn: string }>('SELECT pg_current_wal_insert_lsn() lsn');
    const lsn = rows[0]?.lsn;
    await waitUntil(`the replicas to apply ${lsn}`, deadlineMs, async () => {
      const { rowCount } = await client.query(
        `SELECT 1 FROM pg_stat_replication
         WHERE application_name = ANY ($1) AND replay_lsn >= $2::pg_lsn`,
        [replicas.map(({ name }) => name), lsn],
      );
      return rowCount === replicas.length;
    });
  });
}

export async function withClient<T>(
  server: PostgresServer,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const client = await server.adminClient();
  try {
    return await use(client);
  } finally {
    await endClient(client);
  }
}
