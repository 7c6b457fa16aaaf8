import { NextFlight } from '../../batching/next-flight.js';
import {
  LOOKUP_FLIGHTS,
  type RedisConnection,
  RedisMovedError,
  type RedisServers,
  startDeadline,
} from '../../redis/index.js';
import { hashTag } from './floor-keys.js';
import { type FloorSource, FreshnessFloors, type KnownFloor } from './freshness-floors.js';
import type { MemoryFreshnessFloors } from './memory-freshness-floors.js';
import { join, type Position } from './position.js';
import { RedisBaselines } from './redis-baselines.js';
import { type FloorLookup, RedisFloorReader } from './redis-floor-reader.js';
import { RedisRaises } from './redis-raises.js';

export interface RedisFreshnessFloorsOptions {
  /** For how long a floor is kept: longer than a replica may lag and still be read from. */
  readonly ttlMs: number;
  /** Raises that Redis could not be told at most, kept to be told later. */
  readonly maxPending?: number;
  /** Redis was told of floors, or did not take them when they were raised. */
  readonly onTold?: (outcome: 'written' | 'failed', count: number) => void;
  readonly onEvent?: (event: FloorsEvent) => void;
}

/** Something began to fail or works again; told when that changes, not for each request. */
export type FloorsEvent =
  | { readonly kind: `${Part}-failed`; readonly error: unknown }
  | { readonly kind: `${Part}-recovered` };

type Part = 'lookup' | 'raise' | 'baseline';

const MAX_PENDING = 10_000;

/**
 * Floors that all processes share, in Redis.
 *
 * While Redis cannot be asked, a process goes by what it knows itself: what it has written, and
 * where the primary was when Redis failed. What others write meanwhile it may then miss for as long
 * as a replica may lag and still be read from. The same holds for others while this one cannot tell
 * Redis what it has written; it does so as soon as it can.
 *
 * Redis may evict what it likes: the floors of a partition go together, and are then known to be
 * gone. But one that evicts nothing and is full takes no floors, which counts as failing.
 */
export class RedisFreshnessFloors extends FreshnessFloors {
  private readonly reader: RedisFloorReader;
  private readonly raises: RedisRaises;
  /** To each server flights of its own: one that is slow holds up no other. */
  private readonly lookups = new WeakMap<RedisConnection, NextFlight<FloorLookup, KnownFloor>>();
  private readonly failing = new Set<Part>();
  /** Hash tags whose lookups fail: servers may fail one by one. */
  private readonly silent = new Set<string>();

  constructor(
    private readonly servers: RedisServers,
    /** What this process knows itself; used by nobody else. */
    private readonly local: MemoryFreshnessFloors,
    private readonly options: RedisFreshnessFloorsOptions,
  ) {
    super();
    const baselines = new RedisBaselines(servers, {
      lifetimeMs: options.ttlMs,
      ...this.reportOf('baseline'),
    });
    this.reader = new RedisFloorReader(baselines);
    this.raises = new RedisRaises(servers, baselines, {
      ttlMs: options.ttlMs,
      maxPending: options.maxPending ?? MAX_PENDING,
      onTold: options.onTold ?? (() => undefined),
      ...this.reportOf('raise'),
    });
  }

  async raise(source: FloorSource, tags: readonly string[], position: Position): Promise<void> {
    await Promise.all([
      // First, and at once: a read that comes to this process now must see it.
      this.local.raise(source, tags, position),
      this.raises.raise(source, tags, position),
    ]);
  }

  hashTag(source: FloorSource, tag: string): string {
    return hashTag(source, tag, this.servers.partitions);
  }

  ask(source: FloorSource, tag: string, then: (known: KnownFloor) => void): void {
    const lookup = { source, tag, hashTag: this.hashTag(source, tag) };
    this.lookupsTo(this.servers.at(lookup.hashTag)).ask(lookup, then, (error) => {
      // Redis has it, and for others it can be asked: what this process knows itself will not do.
      if (error instanceof RedisMovedError) return then({ floor: 'primary', version: undefined });
      // What others have written up to now only Redis knew, and the primary.
      if (!this.silent.has(lookup.hashTag)) this.local.renewBaselines();
      this.silent.add(lookup.hashTag);
      this.failed('lookup', error);
      then({ floor: this.local.known(source, tag).floor, version: undefined });
    });
  }

  close(): Promise<void> {
    return this.raises.close();
  }

  /** Joined with what this process has raised itself, which Redis need not have been told. */
  private withOwn(lookup: FloorLookup, shared: KnownFloor): KnownFloor {
    const own = this.local.raised(lookup.source, lookup.tag);
    if (own === undefined) return shared;
    const { floor } = shared;
    if (floor === 'primary') return shared;
    return {
      floor: join(floor, own),
      version: this.raises.isTold(lookup) ? shared.version : undefined,
    };
  }

  private lookupsTo(connection: RedisConnection): NextFlight<FloorLookup, KnownFloor> {
    const known = this.lookups.get(connection);
    if (known) return known;
    const lookups = new NextFlight<FloorLookup, KnownFloor>({
      ...LOOKUP_FLIGHTS,
      fly: (items) => this.lookUp(connection, items),
      keyOf: ({ hashTag, tag }) => hashTag + tag,
      // Each flight would wait out the deadline that all callers have had.
      grounds: () => true,
      limitWait: (giveUp) => startDeadline(this.servers.timeoutMs, giveUp),
    });
    this.lookups.set(connection, lookups);
    return lookups;
  }

  private async lookUp(
    connection: RedisConnection,
    lookups: readonly FloorLookup[],
  ): Promise<KnownFloor[]> {
    const floors = await connection.run((client, serverId) =>
      this.reader.read(client, serverId, lookups),
    );
    this.recovered('lookup');
    return floors.map((shared, index) => {
      const lookup = lookups[index] as FloorLookup;
      this.silent.delete(lookup.hashTag);
      return this.withOwn(lookup, shared);
    });
  }

  private reportOf(part: Part) {
    return {
      onFailed: (error: unknown) => this.failed(part, error),
      onRecovered: () => this.recovered(part),
    };
  }

  private failed(part: Part, error: unknown): void {
    if (this.failing.has(part)) return;
    this.failing.add(part);
    this.options.onEvent?.({ kind: `${part}-failed`, error });
  }

  private recovered(part: Part): void {
    if (this.failing.delete(part)) this.options.onEvent?.({ kind: `${part}-recovered` });
  }
}
