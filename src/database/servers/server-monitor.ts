import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { parseLsn, type Position } from '../freshness/position.js';

/** What a server says of itself. */
export interface ServerReport {
  readonly standby: boolean;
  /** What it has replayed, or, of a primary, written. A server never goes back behind it. */
  readonly position: Position;
  /** How far it has received WAL; of a primary, its position. */
  readonly receivedLsn: bigint;
  /** Whether a standby is connected to what it follows. */
  readonly receiving: boolean;
}

export interface MonitorListener {
  /** The report describes the server as it was when it was asked, or better. */
  reported(report: ServerReport): void;
  /** The server does not answer, or the connection to it broke: it may have been restarted. */
  lost(error: unknown): void;
}

export interface MonitorOptions {
  readonly intervalMs: number;
  /** For a connection, and for an answer. */
  readonly timeoutMs: number;
}

/*
 * The timeline that a standby replays is that of its WAL receiver, visible to roles that have
 * pg_read_all_stats; else, and while nothing is received, the one it has surely reached: lower
 * for a while after a failover, never higher.
 */
const REPORT = `
  SELECT standby, lsn::text AS lsn, timeline, received::text AS received, receiving
    FROM (SELECT pg_is_in_recovery() AS standby) AS server
   CROSS JOIN LATERAL (
     SELECT pg_last_wal_replay_lsn() AS lsn,
            coalesce(
              (SELECT received_tli FROM pg_stat_wal_receiver),
              nullif((pg_control_recovery()).min_recovery_end_timeline, 0),
              (pg_control_checkpoint()).timeline_id
            ) AS timeline,
            coalesce(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) AS received,
            EXISTS (SELECT FROM pg_stat_wal_receiver WHERE pid IS NOT NULL) AS receiving
      WHERE standby
      UNION ALL
     SELECT written.lsn,
            ('x' || left(pg_walfile_name(written.lsn), 8))::bit(32)::bigint::integer,
            written.lsn,
            true
       FROM (SELECT pg_current_wal_flush_lsn() AS lsn WHERE NOT standby) AS written
   ) AS progress`;

interface Row {
  readonly standby: boolean;
  readonly lsn: string;
  readonly timeline: number;
  readonly received: string;
  readonly receiving: boolean;
}

/** Asks one server again and again how far it is, on a connection of its own. */
export class ServerMonitor {
  private readonly stopped = new AbortController();
  private running: Promise<void> | undefined;
  private client: Client | undefined;

  constructor(
    private readonly url: string,
    private readonly options: MonitorOptions,
    private readonly listener: MonitorListener,
  ) {}

  /** Resolves after the first answer, or once there was none in time. */
  async start(): Promise<void> {
    await this.ask();
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    this.disconnect();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopped;
    while (!signal.aborted) {
      await sleep(this.options.intervalMs, undefined, { signal }).catch(() => undefined);
      if (!signal.aborted) await this.ask();
    }
  }

  private async ask(): Promise<void> {
    try {
      const client = (this.client ??= await this.connect());
      const { rows } = await client.query<Row>(REPORT);
      const [row] = rows;
      if (!row) throw new Error('the server says nothing of its position');
      if (this.stopped.signal.aborted) return;
      this.listener.reported({
        standby: row.standby,
        position: { timeline: row.timeline, lsn: parseLsn(row.lsn) },
        receivedLsn: parseLsn(row.received),
        receiving: row.receiving,
      });
    } catch (error) {
      this.disconnect();
      if (!this.stopped.signal.aborted) this.listener.lost(error);
    }
  }

  private async connect(): Promise<Client> {
    const client = new Client({
      connectionString: this.url,
      connectionTimeoutMillis: this.options.timeoutMs,
      query_timeout: this.options.timeoutMs,
      application_name: 'messages-monitor',
    });
    // Told at once, not at the next question: a server that is back after a crash may have
    // replayed less than it had before, and until it is asked again nothing is known of it.
    const onBroken = (error?: Error) => {
      if (this.client !== client) return;
      this.client = undefined;
      this.listener.lost(error ?? new Error('the connection was closed'));
    };
    client.on('error', onBroken);
    client.on('end', () => onBroken());
    try {
      await client.connect();
      return client;
    } catch (error) {
      client.end().catch(() => undefined);
      throw error;
    }
  }

  /** Not awaited: a server that hangs would not say goodbye. */
  private disconnect(): void {
    const client = this.client;
    this.client = undefined;
    client?.end().catch(() => undefined);
  }
}
