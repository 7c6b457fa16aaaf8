import { OverloadedError } from '../errors/index.js';
import { inBatchContext, requestContext, type RequestContext } from '../request-context/index.js';

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
  /**
   * Places whose answers are handed out in one turn of the event loop. Many where an answer costs
   * little: whoever gets one in the same turn as others comes back together with them.
   */
  readonly portion?: number;
  /**
   * Starts a deadline for those who wait while others are under way, and answers what calls it off.
   * Once it has passed they are turned away.
   */
  readonly limitWait?: (giveUp: (error: unknown) => void) => () => void;
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
  /** The request that it came from, if any. */
  readonly request: RequestContext | undefined;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** Everyone who was carried, or turned away for the same reason, and what came of it. */
type Landed<Item, Result> = readonly (readonly [Place<Item, Result>, Result | Failed])[];

/** As measured for answers of the database; more or fewer cost 10 %. */
const PORTION = 8;

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
  private placeByKey = new Map<string, Place<Item, Result>>();
  private passengers = 0;
  private flights = 0;
  /** Places of the flights that are under way. */
  private underWay = 0;
  private delivering = 0;
  private boarding = false;
  private readonly whenIdle: (() => void)[] = [];
  private callOffLimit: (() => void) | undefined;

  constructor(private readonly options: NextFlightOptions<Item, Result>) {}

  /** @throws OverloadedError at once if too many wait already */
  join(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => this.ask(item, resolve, reject));
  }

  /** The same for callers that are in a hurry: promises cost more than all the rest of it. */
  ask(item: Item, resolve: (result: Result) => void, reject: (error: unknown) => void): void {
    if (this.passengers >= this.options.maxWaiting) {
      reject(new OverloadedError('too many requests wait for the database'));
      return;
    }
    this.passengers++;
    this.placeFor(item).passengers.push({ request: requestContext(), resolve, reject });
    this.board();
    this.limitWait();
  }

  /** Callers that wait for a flight. */
  get queueLength(): number {
    return this.passengers;
  }

  /** Callers that wait, and flights whose answers are not all handed out. */
  get load(): number {
    return this.passengers + this.flights + this.delivering;
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
    if (this.boarding || !this.isWorthAFlight()) return;
    this.boarding = true;
    setImmediate(() => {
      this.boarding = false;
      this.depart();
    });
  }

  /**
   * Beside others that are under way a flight leaves once as many wait as those carry on average:
   * else each would take the first few to come, and cost the server as much as a full one.
   */
  private isWorthAFlight(): boolean {
    const { maxItems, maxFlights } = this.options;
    if (this.flights === 0) return this.waiting.length > 0;
    if (this.flights >= maxFlights) return false;
    return this.waiting.length >= Math.min(maxItems, this.underWay / this.flights);
  }

  /** One deadline for all who wait, that of the first: nobody waits longer than it says. */
  private limitWait(): void {
    if (this.boarding || this.callOffLimit) return;
    this.callOffLimit = this.options.limitWait?.((error) => {
      this.callOffLimit = undefined;
      this.turnAway(new Failed(error));
    });
  }

  private turnAway(failed: Failed): void {
    const outcomes = this.take(this.waiting.length).map((place) => [place, failed] as const);
    this.delivering++;
    this.deliver(outcomes);
  }

  private depart(): void {
    this.callOffLimit?.();
    this.callOffLimit = undefined;
    const places = this.take(this.options.maxItems);
    // Those who waited may have been turned away since boarding began.
    if (places.length === 0) return this.noteIdle();
    this.flights++;
    this.underWay += places.length;
    void this.carry(places).then((outcomes) => this.land(places.length, outcomes));
    this.board();
  }

  private land(count: number, outcomes: Landed<Item, Result>): void {
    this.flights--;
    this.underWay -= count;
    this.delivering++;
    if (this.isWorthAFlight()) {
      // The next flight leaves before the answers of this one are written, which takes as long as
      // the server takes for a flight: so that the two go on side by side, not in turn.
      this.depart();
      setImmediate(() => this.deliver(outcomes));
    } else {
      this.deliver(outcomes);
    }
  }

  /** In portions, between which new callers are heard: a flight with them leaves meanwhile. */
  private deliver(outcomes: Landed<Item, Result>, from = 0): void {
    const end = Math.min(from + (this.options.portion ?? PORTION), outcomes.length);
    for (let index = from; index < end; index++) {
      const [{ passengers }, outcome] = outcomes[index] as Landed<Item, Result>[number];
      for (const { resolve, reject } of passengers) {
        if (outcome instanceof Failed) reject(outcome.error);
        else resolve(outcome);
      }
    }
    if (end < outcomes.length) {
      setImmediate(() => this.deliver(outcomes, end));
    } else {
      this.delivering--;
      this.noteIdle();
    }
  }

  private take(count: number): Place<Item, Result>[] {
    const places = this.waiting.splice(0, count);
    for (const { passengers } of places) this.passengers -= passengers.length;
    this.forget(places);
    return places;
  }

  private forget(places: readonly Place<Item, Result>[]): void {
    const { keyOf } = this.options;
    if (!keyOf) return;
    // A map that lives long, and that entries come to and go from, is bad for V8's young generation:
    // the tables that it has outgrown lead to newer ones, and what they hold outlives its time.
    if (this.waiting.length === 0) this.placeByKey = new Map();
    else for (const { item } of places) this.placeByKey.delete(keyOf(item));
  }

  /** Resolves in any case. */
  private async carry(places: readonly Place<Item, Result>[]): Promise<Landed<Item, Result>> {
    try {
      const outcomes = await inBatchContext(
        () => requestsOf(places),
        () => this.options.fly(places.map(({ item }) => item)),
      );
      if (outcomes.length !== places.length) {
        throw new Error(`${outcomes.length} outcomes for ${places.length} items`);
      }
      return places.map((place, index) => [place, outcomes[index] as Result | Failed]);
    } catch (error) {
      const grounded = this.options.grounds?.(error) ? this.take(this.waiting.length) : [];
      const failed = new Failed(error);
      return [...places, ...grounded].map((place) => [place, failed]);
    }
  }

  private noteIdle(): void {
    if (this.isIdle()) for (const resolve of this.whenIdle.splice(0)) resolve();
  }

  private isIdle(): boolean {
    return this.load === 0 && !this.boarding;
  }
}

function requestsOf(places: readonly Place<unknown, never>[]): RequestContext[] {
  return places
    .flatMap(({ passengers }) => passengers.map(({ request }) => request))
    .filter((request) => request !== undefined);
}
