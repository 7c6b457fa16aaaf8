import { join, type Position } from './position.js';

export interface RecentFloorsOptions {
  /** For how long a floor is kept at least; twice as long at most. */
  readonly ttlMs: number;
  /** Floors of each of the two generations. */
  readonly maxEntries: number;
  /** Milliseconds of a monotonic clock. */
  readonly now?: () => number;
}

/**
 * The floors of a shard's tags that were raised lately, in two generations: when the newer one is
 * old or full it becomes the older one, and that is let go as a whole. No timer and no sweep.
 */
export class RecentFloors {
  private newer = new Generation();
  private older = new Generation();
  /** What every tag needs, for floors that had to be let go before their time. */
  private folded: Position | undefined;
  private turnedAt: number;
  private readonly now: () => number;

  constructor(private readonly options: RecentFloorsOptions) {
    this.now = options.now ?? (() => performance.now());
    this.turnedAt = this.now();
  }

  raise(tag: string, position: Position): void {
    this.turnIfOld();
    if (this.newer.byTag.size >= this.options.maxEntries) {
      this.folded = joinKnown(this.folded, this.older.joined);
      this.turn();
    }
    this.newer.raise(tag, position);
  }

  of(tag: string): Position | undefined {
    this.turnIfOld();
    const recent = joinKnown(this.newer.byTag.get(tag), this.older.byTag.get(tag));
    return joinKnown(recent, this.folded);
  }

  private turnIfOld(): void {
    if (this.now() - this.turnedAt >= this.options.ttlMs) this.turn();
  }

  private turn(): void {
    this.older = this.newer;
    this.newer = new Generation();
    this.turnedAt = this.now();
  }
}

class Generation {
  readonly byTag = new Map<string, Position>();
  /** Covers every floor in it. */
  joined: Position | undefined;

  raise(tag: string, position: Position): void {
    this.byTag.set(tag, joinKnown(this.byTag.get(tag), position));
    this.joined = joinKnown(this.joined, position);
  }
}

function joinKnown(a: Position | undefined, b: Position): Position;
function joinKnown(a: Position | undefined, b: Position | undefined): Position | undefined;
function joinKnown(a: Position | undefined, b: Position | undefined): Position | undefined {
  return a && b ? join(a, b) : (a ?? b);
}
