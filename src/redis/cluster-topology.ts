import type { RedisAddress } from '../config/index.js';
import { createRedisClient, type RedisClient, type RedisLogin } from './redis-client.js';

export const SLOTS = 16_384;

export interface ClusterMaster {
  /** The cluster's name for it, which it keeps. */
  readonly id: string;
  readonly address: RedisAddress;
}

/** Who serves what, as one node sees it. */
export interface ClusterView {
  /** Of the node that was asked. */
  readonly id: string;
  readonly ranges: readonly SlotRange[];
}

interface SlotRange {
  readonly first: number;
  readonly last: number;
  readonly master: ClusterMaster;
  /** Whoever claims slots by a greater one has the word of more masters: each election makes one. */
  readonly epoch: number;
}

export interface ClusterTopology {
  readonly masters: readonly ClusterMaster[];
  /** By slot; undefined where nobody serves it. */
  readonly owners: readonly (ClusterMaster | undefined)[];
}

type SlotsReply = readonly (readonly [first: number, last: number, ...nodes: NodeReply[]])[];
type NodeReply = readonly [host: string | null, port: number, id: string];

/**
 * Asks a node for its view.
 *
 * @param host what it was reached by, for a node that does not know its own address
 * @throws Error if it is no node of a cluster
 */
export async function askView(client: RedisClient, host: string): Promise<ClusterView> {
  const [slots, nodes] = await Promise.all([
    client.sendCommand<SlotsReply>(['CLUSTER', 'SLOTS']),
    client.sendCommand<string>(['CLUSTER', 'NODES']),
  ]);
  return parseView(slots, nodes, host);
}

/** Asks a node for its view on a connection of its own, which is given up after `timeoutMs`. */
export async function probeView(
  address: RedisAddress,
  login: RedisLogin,
  timeoutMs: number,
): Promise<ClusterView> {
  const deadline = AbortSignal.timeout(timeoutMs);
  const client = createRedisClient({
    address,
    login,
    connectTimeoutMs: timeoutMs,
    reconnectStrategy: false,
    nextSocketSignal: () => deadline,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await askView(client, address.host);
  } finally {
    if (client.isOpen) await client.disconnect();
  }
}

/** `CLUSTER SLOTS` has the addresses to connect to, only `CLUSTER NODES` the epochs. */
export function parseView(slots: SlotsReply, nodes: string, host: string): ClusterView {
  const epochs = new Map<string, number>();
  let self = '';
  for (const line of nodes.split('\n')) {
    const [id = '', , flags = '', , , , epoch] = line.split(' ');
    if (flags.split(',').includes('myself')) self = id;
    epochs.set(id, Number(epoch));
  }
  const ranges = slots.flatMap(([first, last, master]) => {
    if (!master) return [];
    const [endpoint, port, id] = master;
    // Empty and `?` stand for an address that the node does not know.
    const known = endpoint !== null && endpoint !== '' && endpoint !== '?';
    const address = { host: known ? endpoint : host, port };
    return [{ first, last, master: { id, address }, epoch: epochs.get(id) ?? 0 }];
  });
  return { id: self, ranges };
}

/**
 * What the nodes agree on, or would if they had heard of each other. A master that was cut off, or
 * that hung, takes itself for one until it hears of whoever was elected in its place.
 *
 * @throws Error if fewer than most of the masters were asked: an election needs the votes of most
 */
export function mergeViews(views: readonly ClusterView[]): ClusterTopology {
  const claims = Array.from({ length: SLOTS }, (): SlotRange | undefined => undefined);
  for (const range of views.flatMap(({ ranges }) => ranges)) {
    for (let slot = range.first; slot <= range.last; slot++) {
      const claim = claims[slot];
      if (claim === undefined || range.epoch > claim.epoch) claims[slot] = range;
    }
  }
  const owners = claims.map((claim) => claim?.master);
  const masters = new Map<string, ClusterMaster>();
  for (const owner of owners) if (owner) masters.set(owner.id, owner);
  const asked = new Set(views.map(({ id }) => id).filter((id) => masters.has(id)));
  if (asked.size <= masters.size / 2) {
    throw new Error(`only ${asked.size} of ${masters.size} masters of the cluster answer`);
  }
  return { masters: [...masters.values()], owners };
}
