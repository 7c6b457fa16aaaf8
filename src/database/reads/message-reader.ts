import type { BatchingConfig } from '../../config/index.js';
import type { OnFlight } from '../flight.js';
import type { Source } from '../replicas/source.js';
import { MESSAGES } from './pages.statement.js';
import { type Answered, ReadFlights, type Route } from './read-flights.js';

/** Reads single messages of a shard: those that are asked for at once as one statement. */
export class MessageReader {
  private readonly flights: ReadFlights<string, string | undefined>;

  constructor(limits: BatchingConfig, onFlight: OnFlight) {
    this.flights = new ReadFlights({
      operation: 'messages',
      carry: readMessages,
      keyOf: (id) => id,
      limits,
      onFlight,
    });
  }

  /** The message as JSON text; undefined if the source does not have it. */
  read(id: string, route: Route): Promise<Answered<string | undefined>> {
    return this.flights.read(id, route);
  }

  /** Reads that wait for a flight to servers of that role. */
  queueLength(role: Source['role']): number {
    return this.flights.queueLength(role);
  }

  idle(): Promise<void> {
    return this.flights.idle();
  }
}

async function readMessages(
  { client }: Source,
  ids: readonly string[],
): Promise<(string | undefined)[]> {
  const rows = await client.$queryRawUnsafe<{ id: string; body: string }[]>(MESSAGES.sql, ids);
  const bodies = new Map(rows.map(({ id, body }) => [id, body]));
  return ids.map((id) => bodies.get(id));
}
