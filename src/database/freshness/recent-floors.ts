import { join, type Position } from './position.js';

export interface RecentFloorsOptions {
  /** For how long a floor is kept at least; twice as long at most. */
  readonly ttlMs: number;
  /** Floors of each of the two generations. */
  readonly maxEntries: number;
  /** Milliseconds of a monotonic clock. */
  readonly now?: () => number;
}

export interface RaisedFloor {
  readonly position: Position;
  /** Of the raises of all tags, the last one that made it. */
  readonly raise: number;
}

/**
 * The floors of a shard's tags that were raised lately, in two generations: when the newer one is
 * old or full it becomes the older one, and that is let go as a whole. No timer and no sweep.
 */
export class RecentFloors {
  private newer = new Generation();
  private older = new Generation();
  /** What every tag needs, for floors that had to be let go before their time. */
  private folded: RaisedFloor | undefined;
  private turnedAt: number;
  private raises = 0;
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
    this.newer.raise(tag, { position, raise: ++this.raises });
  }

  of(tag: string): RaisedFloor | undefined {
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
  readonly byTag = new Map<string, RaisedFloor>();
  /** Covers every floor in it. */
  joined: RaisedFloor | undefined;

  raise(tag: string, floor: RaisedFloor): void {
    this.byTag.set(tag, joinKnown(this.byTag.get(tag), floor));
    this.joined = joinKnown(this.joined, floor);
  }
}

function joinKnown(a: RaisedFloor | undefined, b: RaisedFloor): RaisedFloor;
function joinKnown(a?: RaisedFloor, b?: RaisedFloor): RaisedFloor | undefined;
function joinKnown(a?: RaisedFloor, b?: RaisedFloor): RaisedFloor | undefined {
  if (!a || !b) return a ?? b;
  return { position: join(a.position, b.position), raise: Math.max(a.raise, b.raise) };
}
