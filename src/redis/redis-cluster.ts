import { setTimeout as sleep } from 'node:timers/promises';
import calculateSlot from 'cluster-key-slot';
import type { RedisAddress, RedisConfig } from '../config/index.js';
import { backoffMs } from './backoff.js';
import {
  askView,
  type ClusterTopology,
  type ClusterView,
  mergeViews,
  probeView,
} from './cluster-topology.js';
import { withDeadline } from './deadline.js';
import {
  RedisConnection,
  type RedisConnectionOptions,
  type ServerEvent,
} from './redis-connection.js';
import { RedisServers } from './redis-servers.js';

type OnEvent = (event: ServerEvent, server: RedisAddress) => void;

/** Enough that each master of a large cluster has some; a flight pays for each that it touches. */
const PARTITIONS = 64;
/** For a node to tell its view: one that is gone holds up what the others say for so long. */
const VIEW_MS = 500;
/** While all is well. That a key has moved is noticed at once, by the answer to a command. */
const LEARN_INTERVAL_MS = 10_000;
/** For a server that has taken over keys to be connected to. */
const SETTLE_MS = 1_000;

/**
 * The masters of a Redis Cluster, with a connection to each. Which serves what is learnt from the
 * nodes: at first, when one of them is lost, when an answer says that a key has moved, now and then.
 *
 * A connection that was lost is ready again once most of the masters count its server among them.
 * One that hung while a replica was elected in its place takes itself for a master until it hears of
 * that, and would be asked, and believed, so long.
 */
export class RedisCluster extends RedisServers {
  readonly partitions = PARTITIONS;
  readonly timeoutMs: number;
  private readonly options: Omit<RedisConnectionOptions, 'address'>;
  private readonly seeds: readonly [RedisAddress, ...RedisAddress[]];
  /** By host and port. */
  private readonly connections = new Map<string, RedisConnection>();
  private owners: readonly (RedisConnection | undefined)[] = [];
  /** Stands in where nobody is known to serve a key. */
  private readonly nobody: RedisConnection;
  private learning: Promise<void> | undefined;
  private learningNext: Promise<void> | undefined;
  private learnLater: NodeJS.Timeout | undefined;
  private attempts = 0;
  private reported = false;
  private closed = false;
  private readonly whenReady: (() => void)[] = [];
  private settling: (() => void)[] = [];

  /** Begins to connect and returns at once. */
  static open(config: RedisConfig, onEvent: OnEvent = () => undefined): RedisCluster {
    const cluster = new RedisCluster(config, onEvent);
    cluster.learnSoon();
    return cluster;
  }

  private constructor(
    { nodes, cluster: _, ...options }: RedisConfig,
    private readonly onEvent: OnEvent,
  ) {
    super();
    this.seeds = nodes;
    this.options = options;
    this.timeoutMs = options.timeoutMs;
    this.nobody = RedisConnection.unopened({ address: nodes[0], ...options });
  }

  get ready(): boolean {
    return this.all.some(({ serverId }) => serverId !== undefined);
  }

  at(key: string): RedisConnection {
    return this.owners[calculateSlot(key)] ?? this.nobody;
  }

  together(keys: readonly string[]): readonly (readonly string[])[] {
    const bySlot = new Map<number, string[]>();
    for (const key of keys) {
      const slot = calculateSlot(key);
      const known = bySlot.get(slot);
      if (known) known.push(key);
      else bySlot.set(slot, [key]);
    }
    return [...bySlot.values()];
  }

  onReady(listener: () => void): void {
    this.whenReady.push(listener);
  }

  async settle(keys: readonly string[]): Promise<void> {
    const deadline = performance.now() + SETTLE_MS;
    await this.learn().catch(() => undefined);
    while (keys.some((key) => this.at(key).serverId === undefined) && !this.closed) {
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) return;
      await Promise.race([
        new Promise<void>((resolve) => this.settling.push(resolve)),
        sleep(leftMs, undefined, { ref: false }),
      ]);
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.learnLater);
    await Promise.all(this.all.map((connection) => connection.close()));
    this.noteSettled();
  }

  private get all(): RedisConnection[] {
    return [...this.connections.values()];
  }

  private learnSoon(): void {
    this.learn().catch(() => undefined);
  }

  /** Resolves once what was true after the call has been learnt. */
  private learn(): Promise<void> {
    if (!this.learning) {
      this.learning = this.askAll().finally(() => {
        this.learning = undefined;
        this.learnAgainLater();
      });
      return this.learning;
    }
    this.learningNext ??= this.learning
      .catch(() => undefined)
      .then(() => {
        this.learningNext = undefined;
        return this.learn();
      });
    return this.learningNext;
  }

  private learnAgainLater(): void {
    clearTimeout(this.learnLater);
    if (this.closed) return;
    const settled =
      this.connections.size > 0 && this.all.every(({ serverId }) => serverId !== undefined);
    if (settled) this.attempts = 0;
    const waitMs = settled ? LEARN_INTERVAL_MS : backoffMs(this.attempts++);
    this.learnLater = setTimeout(() => this.learnSoon(), waitMs);
  }

  private async askAll(): Promise<void> {
    const nodes = new Map<string, RedisAddress>();
    for (const address of this.seeds) nodes.set(nameOf(address), address);
    for (const { address } of this.all) nodes.set(nameOf(address), address);
    try {
      const views = await this.askNodes(nodes.values());
      const told = new Map<string, RedisAddress>();
      for (const { ranges } of views) {
        for (const { master } of ranges) told.set(nameOf(master.address), master.address);
      }
      for (const name of nodes.keys()) told.delete(name);
      const more = told.size > 0 ? await this.askNodes(told.values()).catch(() => []) : [];
      if (!this.closed) this.apply(mergeViews([...views, ...more]));
    } catch (error) {
      this.reportUnknown(error);
      throw error;
    }
  }

  /** @throws what one of them failed with if none answers */
  private async askNodes(nodes: Iterable<RedisAddress>): Promise<ClusterView[]> {
    const asked = await Promise.allSettled(Array.from(nodes, (node) => this.ask(node)));
    const views = asked.flatMap((view) => (view.status === 'fulfilled' ? [view.value] : []));
    const failure = asked.find((view) => view.status === 'rejected');
    if (views.length === 0 && failure) throw failure.reason;
    return views;
  }

  private ask(node: RedisAddress): Promise<ClusterView> {
    const connection = this.connections.get(nameOf(node));
    const view =
      connection?.serverId === undefined
        ? probeView(node, this.options, VIEW_MS)
        : askView(connection.client, node.host);
    return withDeadline(view, VIEW_MS);
  }

  private apply({ masters, owners }: ClusterTopology): void {
    const byId = new Map(masters.map((master) => [master.id, this.connect(master.address)]));
    const before = this.owners;
    this.owners = owners.map((owner) => owner && byId.get(owner.id));
    const wanted = new Set(byId.values());
    for (const [name, connection] of this.connections) {
      if (!wanted.has(connection)) this.leave(name, connection);
    }
    this.reportKnown();
    if (this.owners.some((owner, slot) => owner !== before[slot])) this.noteReady();
  }

  private connect(address: RedisAddress): RedisConnection {
    const name = nameOf(address);
    const known = this.connections.get(name);
    if (known) return known;
    const connection = RedisConnection.open(
      {
        ...this.options,
        address,
        confirm: () => this.confirm(name),
        onMoved: () => this.learnSoon(),
      },
      (event) => {
        this.onEvent(event, address);
        if (event.kind === 'lost') this.learnSoon();
      },
    );
    connection.onReady(() => this.noteReady());
    this.connections.set(name, connection);
    return connection;
  }

  private leave(name: string, connection: RedisConnection): void {
    this.connections.delete(name);
    void connection.close();
    this.onEvent({ kind: 'left' }, connection.address);
  }

  private async confirm(name: string): Promise<void> {
    await this.learn();
    if (!this.connections.has(name)) throw new Error('it is no master of the cluster any more');
  }

  private noteReady(): void {
    this.noteSettled();
    for (const listener of this.whenReady) listener();
  }

  private noteSettled(): void {
    for (const resolve of this.settling.splice(0)) resolve();
  }

  /** Before anything is known of the cluster there is no connection that could tell of its loss. */
  private reportUnknown(error: unknown): void {
    if (this.reported || this.connections.size > 0) return;
    this.reported = true;
    this.onEvent({ kind: 'lost', error }, this.seeds[0]);
  }

  private reportKnown(): void {
    if (!this.reported) return;
    this.reported = false;
    if (!this.connections.has(nameOf(this.seeds[0]))) {
      this.onEvent({ kind: 'left' }, this.seeds[0]);
    }
  }
}

function nameOf({ host, port }: RedisAddress): string {
  return `${host}:${port}`;
}
