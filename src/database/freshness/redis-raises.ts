import { backoffMs, type RedisClient, type RedisServers, withDeadline } from '../../redis/index.js';
import { floorKey } from './floor-keys.js';
import { RAISE_FLOOR } from './floor-scripts.js';
import type { FloorSource } from './freshness-floors.js';
import { formatPosition, join, type Position } from './position.js';
import type { RedisBaselines } from './redis-baselines.js';

export interface RedisRaisesOptions {
  readonly ttlMs: number;
  /** Raises that Redis does not know yet at most; beyond it the baseline stands in for the oldest. */
  readonly maxPending: number;
  readonly onFailed: (error: unknown) => void;
  /** Redis knows everything again. */
  readonly onRecovered: () => void;
}

interface Raise {
  readonly source: FloorSource;
  readonly position: Position;
  readonly raisedAt: number;
}

/** Sent in one go at most, so that many raises do not miss the deadline only for being many. */
const BATCH = 128;

/** Raises floors in Redis; those that it could not be told are kept until it can. */
export class RedisRaises {
  /** By key of the floor, the one raised longest ago first. */
  private readonly pending = new Map<string, Raise>();
  /** By id of the source: what its baseline has to be raised to. */
  private readonly folded = new Map<string, Raise>();
  private flushing: Promise<void> | undefined;
  private retry: NodeJS.Timeout | undefined;
  private failures = 0;
  private closed = false;

  constructor(
    private readonly servers: RedisServers,
    private readonly baselines: RedisBaselines,
    private readonly options: RedisRaisesOptions,
  ) {
    servers.onReady(() => void this.flush());
  }

  /** Resolves once Redis has it, or has been found not to take it now. */
  async raise(source: FloorSource, tags: readonly string[], position: Position): Promise<void> {
    const raise = { source, position, raisedAt: performance.now() };
    const raises = tags.map((tag): [string, Raise] => [floorKey(source, tag), raise]);
    for (let from = 0; from < raises.length; from += BATCH) {
      try {
        await this.send(raises.slice(from, from + BATCH));
      } catch (error) {
        for (const [key, each] of raises.slice(from)) this.keep(key, each);
        this.failed(error);
        return;
      }
    }
    if (this.hasPending()) void this.flush();
  }

  /** Tries once more to hand over what is pending, within the deadline of a command. */
  async close(): Promise<void> {
    this.closed = true;
    await withDeadline(this.flush(), this.servers.timeoutMs).catch(this.options.onFailed);
  }

  private keep(key: string, raise: Raise): void {
    const merged = merge(this.pending.get(key), raise);
    this.pending.delete(key);
    this.pending.set(key, merged);
    if (this.pending.size <= this.options.maxPending) return;
    const [oldest] = this.pending;
    if (!oldest) return;
    const [oldestKey, { source, position }] = oldest;
    this.pending.delete(oldestKey);
    // Its floor counts as raised now: all tags need it from now on.
    const fold = { source, position, raisedAt: raise.raisedAt };
    this.folded.set(source.id, merge(this.folded.get(source.id), fold));
  }

  private flush(): Promise<void> {
    this.flushing ??= this.handOver()
      .catch((error: unknown) => this.failed(error))
      .finally(() => (this.flushing = undefined));
    return this.flushing;
  }

  private async handOver(): Promise<void> {
    clearTimeout(this.retry);
    this.retry = undefined;
    while (this.hasPending()) {
      this.dropExpired();
      for (const [id, raise] of this.folded) {
        await this.baselines.raise(raise.source, raise.position);
        if (this.folded.get(id) === raise) this.folded.delete(id);
      }
      const batch = [...this.pending].slice(0, BATCH);
      await this.send(batch);
      for (const [key, raise] of batch) {
        // Another raise of the same floor may have failed and been merged with it meanwhile.
        if (this.pending.get(key) === raise) this.pending.delete(key);
      }
    }
    this.failures = 0;
    this.options.onRecovered();
  }

  /** The scripts go out together; each is a call of its own. */
  private async send(raises: readonly (readonly [string, Raise])[]): Promise<void> {
    const ttl = String(Math.ceil(this.options.ttlMs));
    const raiseFloor = (client: RedisClient, [key, { position }]: readonly [string, Raise]) =>
      RAISE_FLOOR.run(client, [key], [formatPosition(position), ttl]);
    const groups = this.servers.group(raises, ([key]) => key);
    await Promise.all(
      Array.from(groups, ([connection, group]) =>
        connection.run((client) => Promise.all(group.map((raise) => raiseFloor(client, raise)))),
      ),
    );
  }

  private failed(error: unknown): void {
    this.options.onFailed(error);
    // While it is not connected there is nothing to try: `onReady` will tell.
    if (this.closed || this.retry || !this.servers.ready) return;
    this.retry = setTimeout(() => void this.flush(), backoffMs(this.failures++));
  }

  /** Every replica that is read from has replayed those by now. */
  private dropExpired(): void {
    const oldest = performance.now() - this.options.ttlMs;
    for (const raises of [this.pending, this.folded]) {
      for (const [key, { raisedAt }] of raises) if (raisedAt < oldest) raises.delete(key);
    }
  }

  private hasPending(): boolean {
    return this.pending.size > 0 || this.folded.size > 0;
  }
}

function merge(known: Raise | undefined, { source, position, raisedAt }: Raise): Raise {
  return { source, position: known ? join(known.position, position) : position, raisedAt };
}
