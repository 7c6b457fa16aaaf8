import type { QueryResultRow } from 'pg';
import { connectAdmin, endClient } from '../../scripts/embedded-postgres/admin-client.js';
import { untilReplayed, untilStreaming } from '../../scripts/embedded-postgres/replication.js';
import type { PostgresServer } from '../../scripts/embedded-postgres/server.js';
import type { ShardCluster } from '../../scripts/embedded-postgres/shard-cluster.js';
import { waitUntil } from '../../scripts/embedded-postgres/wait-until.js';
import { TcpProxy } from './tcp-proxy.js';

const DATABASE = 'postgres';
const HOST = '127.0.0.1';
const DEADLINE_MS = 20_000;
const CONFLICT_WITH_RECOVERY = '40001';
/** Nobody listens there. */
const CLOSED_PORT = 1;

/** The servers of one shard, and the faults that may befall each of them. */
export class FaultShard implements AsyncDisposable {
  static async of({ primary, replicas }: ShardCluster): Promise<FaultShard> {
    const proxies = new Map<PostgresServer, TcpProxy>();
    for (const server of [primary, ...replicas]) {
      proxies.set(server, await TcpProxy.to(HOST, server.port));
    }
    return new FaultShard(primary, replicas, proxies);
  }

  private constructor(
    /** The first primary, also after another server has been promoted. */
    readonly primary: PostgresServer,
    readonly replicas: readonly PostgresServer[],
    private readonly proxies: ReadonlyMap<PostgresServer, TcpProxy>,
  ) {}

  replica(index: number): PostgresServer {
    const replica = this.replicas[index];
    if (!replica) throw new Error(`there is no replica ${index}`);
    return replica;
  }

  proxy(server: PostgresServer): TcpProxy {
    const proxy = this.proxies.get(server);
    if (!proxy) throw new Error(`${server.name} is no server of this shard`);
    return proxy;
  }

  /** The address of a server as the service is told it: that of its proxy. */
  url(server: PostgresServer): string {
    return Object.assign(new URL(server.url(DATABASE)), { port: this.proxy(server).port }).href;
  }

  /** Asks a server itself, past its proxy. */
  async query<Row extends QueryResultRow>(server: PostgresServer, sql: string): Promise<Row[]> {
    const client = await connectAdmin(server.url(DATABASE), { queryMs: DEADLINE_MS });
    try {
      return (await client.query<Row>(sql)).rows;
    } finally {
      await endClient(client);
    }
  }

  /** Waits until replicas have applied everything that the primary has written so far. */
  untilReplayed(replicas = this.replicas): Promise<void> {
    return untilReplayed(this.primary, replicas, DEADLINE_MS);
  }

  /** The replica goes on receiving, and shows nothing newer from the moment that this resolves. */
  async pauseReplay(replica: PostgresServer): Promise<void> {
    await this.query(replica, 'SELECT pg_wal_replay_pause()');
    await this.untilTrue(replica, `pg_get_wal_replay_pause_state() = 'paused'`);
  }

  async resumeReplay(replica: PostgresServer): Promise<void> {
    try {
      await this.query(replica, 'SELECT pg_wal_replay_resume()');
    } catch (error) {
      // What is replayed now may be in the way of the very statement that let it go on.
      if ((error as { code?: string }).code !== CONFLICT_WITH_RECOVERY) throw error;
    }
  }

  /** From now on the replica shows each commit so much later, by the primary's clock. */
  async setApplyDelay(replica: PostgresServer, delayMs: number): Promise<void> {
    await this.set(replica, 'recovery_min_apply_delay', `${delayMs}ms`);
  }

  /** Breaks the replica off from its primary, though both run. */
  async breakOff(replica: PostgresServer): Promise<void> {
    await this.followPort(replica, CLOSED_PORT);
    await this.untilTrue(replica, 'NOT EXISTS (SELECT FROM pg_stat_wal_receiver)');
  }

  /** Makes the replica follow a primary, the first one or one that was promoted. */
  async follow(replica: PostgresServer, primary: PostgresServer): Promise<void> {
    // The slots of the first primary are not known to another one.
    if (primary !== this.primary) await this.set(replica, 'primary_slot_name', '');
    await this.followPort(replica, primary.port);
    await untilStreaming(primary, replica);
  }

  /** The kernel goes on taking connections for it, and nobody answers them. */
  freeze(server: PostgresServer): Promise<void> {
    return server.kill('SIGSTOP', { withBackends: true });
  }

  thaw(server: PostgresServer): Promise<void> {
    return server.kill('SIGCONT', { withBackends: true });
  }

  /** As a crash of the host would, apart from what the kernel still writes. */
  kill(server: PostgresServer): Promise<void> {
    return server.kill('SIGKILL', { withBackends: true });
  }

  /** Starts a server that was killed, behind the same address. */
  async start(server: PostgresServer): Promise<void> {
    await server.start();
    this.proxy(server).upstream(HOST, server.port);
  }

  /** Makes the replica a primary, behind the first primary's address too. */
  async promote(replica: PostgresServer): Promise<void> {
    await this.query(replica, `SELECT pg_promote(true, ${DEADLINE_MS / 1_000})`);
    await this.untilTrue(replica, 'NOT pg_is_in_recovery()');
    this.proxy(this.primary).upstream(HOST, replica.port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(Array.from(this.proxies.values(), (proxy) => proxy[Symbol.asyncDispose]()));
  }

  private async followPort(replica: PostgresServer, port: number): Promise<void> {
    const [row] = await this.query<{ conninfo: string }>(
      replica,
      `SELECT current_setting('primary_conninfo') AS conninfo`,
    );
    const conninfo = row?.conninfo.replace(/port='\d+'/, `port='${port}'`);
    if (!conninfo?.includes(`port='${port}'`)) throw new Error(`not understood: ${conninfo}`);
    await this.set(replica, 'primary_conninfo', conninfo);
  }

  private async set(server: PostgresServer, name: string, value: string): Promise<void> {
    await this.query(server, `ALTER SYSTEM SET ${name} = '${value.replaceAll("'", "''")}'`);
    await this.query(server, 'SELECT pg_reload_conf()');
  }

  private async untilTrue(server: PostgresServer, condition: string): Promise<void> {
    await waitUntil(`${condition} on ${server.name}`, DEADLINE_MS, async () => {
      const [row] = await this.query<{ yes: boolean }>(server, `SELECT ${condition} AS yes`);
      return row?.yes === true;
    });
  }
}
