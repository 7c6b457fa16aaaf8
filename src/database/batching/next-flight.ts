import { OverloadedError } from '../../errors/index.js';

export interface NextFlightOptions<Item, Result> {
  /**
   * Carries a batch: answers one outcome for each item, in their order. `Failed` fails that item
   * alone; a rejection fails all of them.
   */
  readonly fly: (items: readonly Item[]) => Promise<readonly (Result | Failed)[]>;
  /** Items of a flight at most. */
  readonly maxItems: number;
  /** Flights that are under way at once at most. */
  readonly maxFlights: number;
  /** Callers that wait for a flight at most; those beyond it are turned away at once. */
  readonly maxWaiting: number;
  /** Items of equal key share one place, and its outcome, on a flight that has not left yet. */
  readonly keyOf?: (item: Item) => string;
  /**
   * Whether what failed a flight would fail the next one too. Those who wait are then turned away
   * with it at once, instead of one flight after the other each running into its deadline.
   */
  readonly grounds?: (error: unknown) => boolean;
}

/** The outcome of an item that failed while others of its flight did not. */
export class Failed {
  constructor(readonly error: unknown) {}
}

interface Place<Item, Result> {
  readonly item: Item;
  readonly passengers: Passenger<Result>[];
}

interface Passenger<Result> {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * "Join the next flight": while flights are under way, callers gather for the next one. Nobody
 * waits on a timer: with nothing under way a caller leaves at the end of the event loop's turn,
 * together with whoever came in that same turn.
 *
 * Nobody joins a flight that has left. Its statement may have taken its snapshot already, so what
 * it brings may be older than the caller's own request: a stale read.
 */
export class NextFlight<Item, Result> {
  private waiting: Place<Item, Result>[] = [];
  private readonly placeByKey = new Map<string, Place<Item, Result>>();
  private passengers = 0;
  private flights = 0;
  private boarding = false;
  private readonly whenIdle: (() => void)[] = [];

  constructor(private readonly options: NextFlightOptions<Item, Result>) {}

  /** @throws OverloadedError at once if too many wait already */
  join(item: Item): Promise<Result> {
    if (this.passengers >= this.options.maxWaiting) {
      return Promise.reject(new OverloadedError('too many requests wait for the database'));
    }
    return new Promise((resolve, reject) => {
      this.passengers++;
      this.placeFor(item).passengers.push({ resolve, reject });
      this.board();
    });
  }

  /** Callers that wait or are under way. */
  get load(): number {
    return this.passengers + this.flights;
  }

  /** Resolves once nobody waits and nothing is under way. */
  idle(): Promise<void> {
    if (this.isIdle()) return Promise.resolve();
    return new Promise((resolve) => this.whenIdle.push(resolve));
  }

  private placeFor(item: Item): Place<Item, Result> {
    const key = this.options.keyOf?.(item);
    const shared = key === undefined ? undefined : this.placeByKey.get(key);
    if (shared) return shared;
    const place = { item, passengers: [] };
    this.waiting.push(place);
    if (key !== undefined) this.placeByKey.set(key, place);
    return place;
  }

  private board(): void {
    if (this.boarding || this.waiting.length === 0 || this.flights >= this.options.maxFlights) {
      return;
    }
    this.boarding = true;
    setImmediate(() => {
      this.boarding = false;
      this.depart();
    });
  }

  private depart(): void {
    const places = this.take(this.options.maxItems);
    // Those who waited may have been turned away since boarding began.
    if (places.length === 0) return this.noteIdle();
    this.flights++;
    void this.carry(places).then((deliver) => this.land(deliver));
    this.board();
  }

  private land(deliver: () => void): void {
    this.flights--;
    if (this.waiting.length > 0) {
      // The next flight leaves before the answers of this one are written, which takes as long as
      // the server takes for a flight: so that the two go on side by side, not in turn.
      this.depart();
      setImmediate(deliver);
    } else {
      deliver();
      this.noteIdle();
    }
  }

  private take(count: number): Place<Item, Result>[] {
    const places = this.waiting.splice(0, count);
    for (const { item, passengers } of places) {
      this.passengers -= passengers.length;
      if (this.options.keyOf) this.placeByKey.delete(this.options.keyOf(item));
    }
    return places;
  }

  /** Resolves, in any case, to what hands the outcomes out. */
  private async carry(places: readonly Place<Item, Result>[]): Promise<() => void> {
    let outcomes: readonly (Result | Failed)[];
    try {
      outcomes = await this.options.fly(places.map(({ item }) => item));
      if (outcomes.length !== places.length) {
        throw new Error(`${outcomes.length} outcomes for ${places.length} items`);
      }
    } catch (error) {
      const grounded = this.options.grounds?.(error) ? this.take(this.waiting.length) : [];
      return () => {
        for (const { passengers } of [...places, ...grounded]) {
          for (const { reject } of passengers) reject(error);
        }
      };
    }
    return () => {
      places.forEach(({ passengers }, index) => {
        const outcome = outcomes[index] as Result | Failed;
        for (const { resolve, reject } of passengers) {
          if (outcome instanceof Failed) reject(outcome.error);
          else resolve(outcome);
        }
      });
    };
  }

  private noteIdle(): void {
    if (this.isIdle()) for (const resolve of this.whenIdle.splice(0)) resolve();
  }

  private isIdle(): boolean {
    return this.flights === 0 && this.waiting.length === 0 && !this.boarding;
  }
}
