import { waitUntil } from '../../scripts/embedded-postgres/wait-until.js';
import type { Floor, FloorSource } from '../../src/database/freshness/freshness-floors.js';
import { MemoryFreshnessFloors } from '../../src/database/freshness/memory-freshness-floors.js';
import { covers, join, type Position } from '../../src/database/freshness/position.js';
import {
  type FloorsEvent,
  RedisFreshnessFloors,
} from '../../src/database/freshness/redis-freshness-floors.js';
import { openRedis, type RedisConnection, type RedisServers } from '../../src/redis/index.js';
import type { RedisServer } from './redis.js';

const DEADLINE_MS = 20_000;

export const at = (lsn: number | bigint, timeline = 1): Position => ({
  timeline,
  lsn: BigInt(lsn),
});

/** Stands for the primary of a shard: says how far it is when the test lets it. */
export class Primary implements FloorSource {
  asked = 0;
  private held: Promise<void> | undefined;
  private letGo: () => void = () => undefined;

  constructor(
    public position: Position = at(10),
    readonly id = 's0',
  ) {}

  /** What is asked from now on is answered at `release`, with the position of when it was asked. */
  hold(): void {
    this.held = new Promise((resolve) => (this.letGo = resolve));
  }

  release(): void {
    this.held = undefined;
    this.letGo();
  }

  /** Writes on: a position that the primary has not been at before. */
  advanceTo(position: Position): Position {
    this.position = join(this.position, position);
    return position;
  }

  async currentPosition(): Promise<Position> {
    this.asked++;
    const { position } = this;
    await this.held;
    return position;
  }
}

export interface FloorsProcess extends AsyncDisposable {
  readonly servers: RedisServers;
  readonly connection: RedisConnection;
  readonly floors: RedisFreshnessFloors;
  readonly events: FloorsEvent[];
}

export interface ProcessOptions {
  readonly ttlMs?: number;
  readonly timeoutMs?: number;
  readonly maxPending?: number;
}

/** What one process of the service has of floors; connected when this resolves. */
export async function floorsProcess(
  server: Pick<RedisServer, 'config'>,
  { ttlMs = 60_000, timeoutMs = 2_000, maxPending = 1_000 }: ProcessOptions = {},
): Promise<FloorsProcess> {
  const servers = openRedis(server.config(timeoutMs));
  const events: FloorsEvent[] = [];
  const local = new MemoryFreshnessFloors({ ttlMs, maxEntries: 1_000 });
  const onEvent = (event: FloorsEvent) => events.push(event);
  const floors = new RedisFreshnessFloors(servers, local, { ttlMs, maxPending, onEvent });
  const partitions = Array.from({ length: servers.partitions }, (_, index) => `{s0:${index}}`);
  await waitUntil('all of Redis', DEADLINE_MS, () =>
    partitions.every((partition) => servers.at(partition).serverId !== undefined),
  );
  return {
    servers,
    connection: servers.at('any'),
    floors,
    events,
    [Symbol.asyncDispose]: async () => {
      await floors.close();
      await servers.close();
    },
  };
}

/** @param except the server that it was, to wait for another one */
export function isReady(connection: RedisConnection, except?: string): Promise<string> {
  return waitUntil('the connection to Redis', DEADLINE_MS, () => {
    const { serverId } = connection;
    return serverId !== except && serverId;
  });
}

/** The first floor of the tag that a replica could have reached. */
export function knownFloor(
  { floors }: FloorsProcess,
  source: FloorSource,
  tag: string,
): Promise<Position> {
  return waitUntil(`a floor of ${tag}`, DEADLINE_MS, async () => {
    const floor = await floors.of(source, tag);
    return floor !== 'primary' && floor;
  });
}

/** Waits for the tag's floor to be such that a read may not miss `position`. */
export function floorReaches(
  { floors }: FloorsProcess,
  source: FloorSource,
  tag: string,
  position: Position,
): Promise<boolean> {
  return waitUntil(`a floor of ${tag} at ${position.lsn}`, DEADLINE_MS, async () => {
    const floor = await floors.of(source, tag);
    return floor !== 'primary' && covers(floor, position);
  });
}

export function keepsFresh(floor: Floor, position: Position): boolean {
  return floor === 'primary' || covers(floor, position);
}
