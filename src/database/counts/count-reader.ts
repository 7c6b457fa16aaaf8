import type { OnFlight } from '../flight.js';
import { ReadFlights, type Route } from '../reads/read-flights.js';
import type { Source } from '../replicas/source.js';
import type { CountStatement } from './counts.statement.js';

/** So that those who count leave connections to those who read and write. */
const LIMITS = { maxItems: 1, maxFlights: 4, maxWaiting: 100 };

/** Asks a shard for counts: equal questions that wait are asked once. */
export class CountReader {
  private readonly flights: ReadFlights<CountStatement, readonly unknown[]>;

  constructor(onFlight: OnFlight) {
    this.flights = new ReadFlights({
      operation: 'counts',
      carry: readCounts,
      keyOf: ({ sql, values }) => JSON.stringify([sql, values]),
      limits: LIMITS,
      onFlight,
    });
  }

  /** @typeParam Row what the statement answers */
  async read<Row>(statement: CountStatement, route: Route): Promise<readonly Row[]> {
    const { result } = await this.flights.read(statement, route);
    return result as readonly Row[];
  }

  /** Questions that wait for a flight to servers of that role. */
  queueLength(role: Source['role']): number {
    return this.flights.queueLength(role);
  }

  idle(): Promise<void> {
    return this.flights.idle();
  }
}

function readCounts(
  { client }: Source,
  statements: readonly CountStatement[],
): Promise<(readonly unknown[])[]> {
  return Promise.all(
    statements.map(({ sql, values }) => client.$queryRawUnsafe<unknown[]>(sql, ...values)),
  );
}
