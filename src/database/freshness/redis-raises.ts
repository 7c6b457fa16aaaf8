import { randomUUID } from 'node:crypto';
import {
  backoffMs,
  type RedisConnection,
  RedisMovedError,
  type RedisServers,
  withDeadline,
} from '../../redis/index.js';
import { floorField, floorKeys, hashTag } from './floor-keys.js';
import { RAISE_FLOORS } from './floor-scripts.js';
import type { FloorSource } from './freshness-floors.js';
import { formatPosition, join, type Position } from './position.js';
import type { RedisBaselines } from './redis-baselines.js';

export interface RedisRaisesOptions {
  readonly ttlMs: number;
  /** Raises that Redis does not know yet at most; beyond it a new baseline stands in for the oldest. */
  readonly maxPending: number;
  /** Redis was told of floors, or did not take them when they were raised. */
  readonly onTold: (outcome: 'written' | 'failed', count: number) => void;
  readonly onFailed: (error: unknown) => void;
  /** Redis knows everything again. */
  readonly onRecovered: () => void;
}

interface Raise {
  readonly source: FloorSource;
  readonly tag: string;
  readonly hashTag: string;
  readonly position: Position;
  readonly raisedAt: number;
}

interface Failure {
  readonly raises: readonly Raise[];
  readonly error: unknown;
  /** Whether Redis has given some of them to another of its servers. */
  readonly moved: boolean;
}

/** Sent in one go at most, so that many raises do not miss the deadline only for being many. */
const BATCH = 128;

/** Raises floors in Redis; those that it could not be told are kept until it can. */
export class RedisRaises {
  /** By floor, the one raised longest ago first. */
  private readonly pending = new Map<string, Raise>();
  /** By hash tag: floors that were too many to keep, when the last of them was raised. */
  private readonly folded = new Map<string, { readonly raisedAt: number }>();
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
    const raisedAt = performance.now();
    const { partitions } = this.servers;
    const raises = tags.map((tag) => {
      return { source, tag, hashTag: hashTag(source, tag, partitions), position, raisedAt };
    });
    let failure = await this.send(raises);
    if (failure?.moved) {
      // Others can ask Redis for these floors, wherever they are now: they must find them there.
      await this.servers.settle(failure.raises.map((raise) => raise.hashTag));
      failure = await this.send(failure.raises);
    }
    for (const raise of failure?.raises ?? []) this.keep(raise);
    if (failure) {
      this.options.onTold('failed', failure.raises.length);
      this.failed(failure.error);
    } else if (this.hasPending() && !this.retry) void this.flush();
  }

  /** Whether Redis knows every raise of a floor that has been acknowledged by this process. */
  isTold(floor: Pick<Raise, 'hashTag' | 'tag'>): boolean {
    return (
      !this.hasPending() || !(this.pending.has(keyOf(floor)) || this.folded.has(floor.hashTag))
    );
  }

  /** Tries once more to hand over what is pending, within the deadline of a command. */
  async close(): Promise<void> {
    this.closed = true;
    await withDeadline(this.flush(), this.servers.timeoutMs).catch(this.options.onFailed);
  }

  private keep(raise: Raise): void {
    const key = keyOf(raise);
    const merged = merge(this.pending.get(key), raise);
    this.pending.delete(key);
    this.pending.set(key, merged);
    if (this.pending.size <= this.options.maxPending) return;
    const [oldest] = this.pending;
    if (!oldest) return;
    const [oldestKey, { hashTag }] = oldest;
    this.pending.delete(oldestKey);
    // Its floor counts as raised now: all tags need it from now on.
    this.folded.set(hashTag, { raisedAt: raise.raisedAt });
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
      const folds = await Promise.allSettled(Array.from(this.folded, (fold) => this.forget(fold)));
      const raises = [...this.pending.values()];
      const failure = await this.send(raises);
      const failed = new Set(failure?.raises);
      for (const raise of raises) {
        // Another raise of the same floor may have failed and been merged with it meanwhile.
        if (!failed.has(raise) && this.pending.get(keyOf(raise)) === raise) {
          this.pending.delete(keyOf(raise));
        }
      }
      if (failure) throw failure.error;
      for (const fold of folds) if (fold.status === 'rejected') throw fold.reason;
    }
    this.failures = 0;
    this.options.onRecovered();
  }

  private async forget([hashTag, fold]: readonly [string, { raisedAt: number }]): Promise<void> {
    await this.baselines.forget(hashTag);
    if (this.folded.get(hashTag) === fold) this.folded.delete(hashTag);
  }

  /** A server that fails keeps none of the others from being told. */
  private async send(raises: readonly Raise[]): Promise<Failure | undefined> {
    const failures: Failure[] = [];
    const groups = this.servers.group(raises, ({ hashTag }) => hashTag);
    await Promise.all(
      Array.from(groups, async ([connection, group]) => {
        for (let from = 0; from < group.length; from += BATCH) {
          try {
            const batch = group.slice(from, from + BATCH);
            await this.sendTo(connection, batch);
            this.options.onTold('written', batch.length);
          } catch (error) {
            const moved = error instanceof RedisMovedError;
            failures.push({ raises: group.slice(from), error, moved });
            return;
          }
        }
      }),
    );
    const [first] = failures;
    return (
      first && {
        raises: failures.flatMap((failure) => failure.raises),
        error: first.error,
        moved: failures.some((failure) => failure.moved),
      }
    );
  }

  /** A script for each hash; they go out together. */
  private async sendTo(connection: RedisConnection, raises: readonly Raise[]): Promise<void> {
    const hashes = new Map<string, { source: FloorSource; args: string[] }>();
    for (const { source, tag, hashTag, position } of raises) {
      const hash = hashes.get(hashTag) ?? { source, args: [this.lifetime, newRaiseId()] };
      hash.args.push(floorField(tag), formatPosition(position));
      hashes.set(hashTag, hash);
    }
    await connection.run((client) =>
      Promise.all(
        Array.from(hashes, async ([hashTag, { source, args }]) => {
          const isOld = await RAISE_FLOORS.run(client, [floorKeys(hashTag).current], args);
          if (isOld === 1) this.baselines.turnSoon(source, hashTag);
        }),
      ),
    );
  }

  private get lifetime(): string {
    return String(Math.ceil(this.options.ttlMs));
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
    for (const [key, { raisedAt }] of this.pending) if (raisedAt < oldest) this.pending.delete(key);
    for (const [key, { raisedAt }] of this.folded) if (raisedAt < oldest) this.folded.delete(key);
  }

  private hasPending(): boolean {
    return this.pending.size > 0 || this.folded.size > 0;
  }
}

const PROCESS_ID = randomUUID().slice(-12);
let raiseCount = 0;

/** Of no other raise, by whatever process. */
function newRaiseId(): string {
  return `${PROCESS_ID}.${(++raiseCount).toString(36)}`;
}

/** No two floors share one: a hash tag ends with the only `}` in it. */
function keyOf({ hashTag, tag }: Pick<Raise, 'hashTag' | 'tag'>): string {
  return hashTag + tag;
}

function merge(known: Raise | undefined, raise: Raise): Raise {
  return known ? { ...raise, position: join(known.position, raise.position) } : raise;
}
