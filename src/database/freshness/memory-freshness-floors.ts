import { type FloorSource, FreshnessFloors, type KnownFloor } from './freshness-floors.js';
import { join, type Position } from './position.js';
import { RecentFloors, type RecentFloorsOptions } from './recent-floors.js';

/**
 * The floors that this process knows by itself: all there are where one process runs alone.
 *
 * A process before it may have acknowledged what this one knows nothing of. So there is a baseline
 * for each shard, a floor of all its tags: where its primary was when it was first asked for. Until
 * the primary has said so, only the primary is sure to be fresh.
 */
export class MemoryFreshnessFloors extends FreshnessFloors {
  private readonly bySource = new Map<string, SourceFloors>();

  constructor(private readonly options: RecentFloorsOptions) {
    super();
  }

  raise(source: FloorSource, tags: readonly string[], position: Position): Promise<void> {
    const { recent } = this.floorsOf(source);
    for (const tag of tags) recent.raise(tag, position);
    return Promise.resolve();
  }

  hashTag({ id }: FloorSource): string {
    return `{${id}}`;
  }

  ask(source: FloorSource, tag: string, then: (known: KnownFloor) => void): void {
    then(this.known(source, tag));
  }

  known(source: FloorSource, tag: string): KnownFloor {
    const { recent, baseline } = this.floorsOf(source);
    const since = baseline.of(source);
    if (since === undefined) return { floor: 'primary', version: undefined };
    const raised = recent.of(tag);
    const floor = raised ? join(since, raised.position) : since;
    return { floor, version: `${baseline.renewals}.${raised?.raise ?? 0}` };
  }

  /** What this process has raised the tag's floor to; undefined if it has forgotten or never did. */
  raised(source: FloorSource, tag: string): Position | undefined {
    return this.bySource.get(source.id)?.recent.of(tag)?.position;
  }

  /** Has every primary asked anew: others may have acknowledged what this process was not told. */
  renewBaselines(): void {
    for (const { baseline } of this.bySource.values()) baseline.renew();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private floorsOf({ id }: FloorSource): SourceFloors {
    const known = this.bySource.get(id);
    if (known) return known;
    const floors = { recent: new RecentFloors(this.options), baseline: new Baseline() };
    this.bySource.set(id, floors);
    return floors;
  }
}

interface SourceFloors {
  readonly recent: RecentFloors;
  readonly baseline: Baseline;
}

/** Where a primary was at some moment since the last `renew`. */
class Baseline {
  /** How often it was renewed. */
  renewals = 0;
  private position: Position | undefined;
  private asking = false;

  /** Undefined until the primary, which this asks in the background, one at a time, has said so. */
  of(source: FloorSource): Position | undefined {
    if (this.position === undefined && !this.asking) void this.ask(source);
    return this.position;
  }

  renew(): void {
    this.renewals++;
    this.position = undefined;
  }

  private async ask(source: FloorSource): Promise<void> {
    const { renewals } = this;
    this.asking = true;
    try {
      const position = await source.currentPosition();
      // One that was asked for before the last renewal may not have what that was for.
      if (renewals === this.renewals) this.position = position;
    } catch {
      // A primary that cannot be reached serves no read either; a later call asks again.
    } finally {
      this.asking = false;
    }
  }
}
