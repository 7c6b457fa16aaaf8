import type { BatchingConfig } from '../../config/index.js';
import { OverloadedError } from '../../errors/index.js';
import { type Failed, NextFlight } from '../../batching/next-flight.js';
import { type Flight, observed, type OnFlight } from '../flight.js';
import type { Source } from '../replicas/source.js';
import { isTransient, isUnavailable } from '../unavailable.js';

/** Where a read may go; undefined if only the source is left that has just failed. */
export type Route = (except?: Source) => Source | undefined;

/** What a source answered. */
export interface Answered<Result> {
  readonly result: Result;
  readonly source: Source;
}

export interface ReadFlightsOptions<Item, Result> {
  readonly operation: Flight['operation'];
  readonly carry: (source: Source, items: readonly Item[]) => Promise<readonly (Result | Failed)[]>;
  /** Reads of equal keys are one. */
  readonly keyOf: (item: Item) => string;
  readonly limits: BatchingConfig;
  readonly onFlight: OnFlight;
}

/** Reads of one kind, gathered into flights to whichever source each is routed to. */
export class ReadFlights<Item, Result> {
  private readonly bySource = new Map<Source, NextFlight<Item, Result>>();

  constructor(private readonly options: ReadFlightsOptions<Item, Result>) {}

  /** Asks one source, and one other if the first cannot serve. */
  async read(item: Item, route: Route): Promise<Answered<Result>> {
    const first = route();
    if (!first) throw new Error('there is no source to read from');
    try {
      return await this.ask(first, item);
    } catch (error) {
      if (error instanceof OverloadedError || !isTransient(error)) throw error;
      const other = route(first);
      if (!other) throw error;
      return this.ask(other, item);
    }
  }

  /** Reads that wait for a flight to sources of that role. */
  queueLength(role: Source['role']): number {
    let length = 0;
    for (const [source, flights] of this.bySource) {
      if (source.role === role) length += flights.queueLength;
    }
    return length;
  }

  async idle(): Promise<void> {
    await Promise.all(Array.from(this.bySource.values(), (flights) => flights.idle()));
  }

  private async ask(source: Source, item: Item): Promise<Answered<Result>> {
    source.load++;
    try {
      return { result: await this.flightsTo(source).join(item), source };
    } finally {
      source.load--;
    }
  }

  private flightsTo(source: Source): NextFlight<Item, Result> {
    let flights = this.bySource.get(source);
    if (!flights) {
      const { carry, keyOf, limits } = this.options;
      flights = new NextFlight({
        ...limits,
        fly: (items) => this.told(source, items, () => source.whileAnswering(carry(source, items))),
        keyOf,
        grounds: isUnavailable,
      });
      this.bySource.set(source, flights);
    }
    return flights;
  }

  private told<T>(server: Source, items: readonly Item[], work: () => Promise<T>): Promise<T> {
    const { operation, onFlight } = this.options;
    return observed({ operation, server, items: items.length }, work, onFlight);
  }
}
