import calculateSlot from 'cluster-key-slot';
import { pickPort } from '../../scripts/embedded-postgres/ports.js';
import { waitUntil } from '../../scripts/embedded-postgres/wait-until.js';
import type { RedisConfig } from '../../src/config/index.js';
import type { CertificateFiles } from './certificates.js';
import { redisConfig, RedisServer } from './redis.js';

const SLOTS = 16_384;
const DEADLINE_MS = 60_000;
/** After so long a node that does not answer counts as failed, and a replica takes its place. */
const NODE_TIMEOUT_MS = 2_000;

interface Options {
  readonly masters?: number;
  /** Of each master. */
  readonly replicas?: number;
  readonly settings?: Readonly<Record<string, string>>;
  readonly tls?: CertificateFiles;
}

/** A real Redis Cluster on loopback, its slots spread evenly over the masters. */
export class RedisCluster implements AsyncDisposable {
  /** The masters first, as they were at the start, then their replicas in the same order. */
  static async start(options: Options = {}): Promise<RedisCluster> {
    const { masters = 3, replicas = 0, settings = {}, tls } = options;
    const all = {
      'cluster-enabled': 'yes',
      'cluster-config-file': 'nodes.conf',
      'cluster-node-timeout': String(NODE_TIMEOUT_MS),
      'repl-diskless-sync-delay': '0',
      ...(tls && { 'tls-cluster': 'yes', 'tls-replication': 'yes' }),
      ...settings,
    };
    const starts = Array.from({ length: masters * (1 + replicas) }, async () =>
      RedisServer.start({ ...all, 'cluster-port': String(await pickPort()) }, tls),
    );
    const nodes: RedisServer[] = [];
    for (const start of await Promise.allSettled(starts)) {
      if (start.status === 'fulfilled') nodes.push(start.value);
    }
    const cluster = new RedisCluster(nodes, masters);
    try {
      if (nodes.length < starts.length) await Promise.all(starts);
      await cluster.join();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  private constructor(
    readonly nodes: readonly RedisServer[],
    private readonly masters: number,
  ) {}

  /** How the service reaches it: by any one of the nodes that were masters at the start. */
  get env(): NodeJS.ProcessEnv {
    const urls = this.nodes.slice(0, this.masters).map(({ url }) => url);
    return { ...this.node(0).env, REDIS_URL: urls.join(',') };
  }

  config(timeoutMs: number): RedisConfig {
    return redisConfig(this.env, timeoutMs);
  }

  node(index: number): RedisServer {
    const node = this.nodes[index];
    if (!node) throw new Error(`there is no node ${index}`);
    return node;
  }

  /** The node that was given a key's slot at the start. */
  nodeOf(key: string): RedisServer {
    return this.node(this.indexOf(calculateSlot(key)));
  }

  idOf(node: RedisServer): Promise<string> {
    return node.command('CLUSTER', 'MYID') as Promise<string>;
  }

  /** Moves a key's slot, and what is in it, from one master to another. */
  async moveSlot(key: string, from: RedisServer, to: RedisServer): Promise<void> {
    const slot = String(calculateSlot(key));
    const [fromId, toId] = await Promise.all([this.idOf(from), this.idOf(to)]);
    await to.command('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId);
    await from.command('CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId);
    const keys = (await from.command('CLUSTER', 'GETKEYSINSLOT', slot, '1000')) as string[];
    for (const each of keys) {
      await from.command('MIGRATE', '127.0.0.1', String(to.port), each, '0', '5000');
    }
    for (const node of [to, from]) await node.command('CLUSTER', 'SETSLOT', slot, 'NODE', toId);
  }

  /** Waits until all nodes that run know of a working cluster. */
  async untilWell(nodes: readonly RedisServer[] = this.nodes): Promise<void> {
    await waitUntil('the Redis Cluster', DEADLINE_MS, async () => {
      const infos = await Promise.all(nodes.map((node) => node.command('CLUSTER', 'INFO')));
      return infos.every((info) => String(info).includes('cluster_state:ok'));
    });
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  private indexOf(slot: number): number {
    return Math.min(this.masters - 1, Math.floor((slot * this.masters) / SLOTS));
  }

  private async join(): Promise<void> {
    const [first, ...others] = this.nodes;
    for (let index = 0; index < this.masters; index++) {
      const from = Math.ceil((index * SLOTS) / this.masters);
      const to = Math.ceil(((index + 1) * SLOTS) / this.masters) - 1;
      await this.node(index).command('CLUSTER', 'ADDSLOTSRANGE', String(from), String(to));
      await this.node(index).command('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1));
    }
    // Where it listens for the other nodes is no fixed distance from its port here.
    const port = String(first?.port);
    const busPort = String(first?.setting('cluster-port'));
    for (const node of others) {
      await node.command('CLUSTER', 'MEET', '127.0.0.1', port, busPort);
    }
    await waitUntil('the nodes to know each other', DEADLINE_MS, () => this.knowEachOther());
    await this.untilWell(this.nodes.slice(0, this.masters));
    for (let index = this.masters; index < this.nodes.length; index++) {
      const master = this.node(index % this.masters);
      await this.node(index).command('CLUSTER', 'REPLICATE', await this.idOf(master));
    }
    for (const replica of this.nodes.slice(this.masters)) {
      await waitUntil('a replica', DEADLINE_MS, async () =>
        String(await replica.command('INFO', 'replication')).includes('master_link_status:up'),
      );
    }
    await this.untilWell();
  }

  private async knowEachOther(): Promise<boolean> {
    const lists = await Promise.all(this.nodes.map((node) => node.command('CLUSTER', 'NODES')));
    return lists.every((list) => {
      const lines = String(list).trim().split('\n');
      return lines.length === this.nodes.length && !/handshake/.test(String(list));
    });
  }
}
