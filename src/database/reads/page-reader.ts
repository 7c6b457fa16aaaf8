import type { BatchingConfig } from '../../config/index.js';
import type { MessagePage } from '../../messages/messages.repository.js';
import { Failed } from '../../batching/next-flight.js';
import type { OnFlight } from '../flight.js';
import type { Floor } from '../freshness/freshness-floors.js';
import { formatPosition, parseLsn } from '../freshness/position.js';
import type { Source } from '../replicas/source.js';
import { PAGES, tailOf } from './pages.statement.js';
import { type Answered, ReadFlights, type Route } from './read-flights.js';
import { StaleReadError } from './stale-read.error.js';

export interface PageRead {
  readonly tag: string;
  readonly limit: number;
  readonly before: string | undefined;
  /** What was asked of the source before it was chosen. */
  readonly floor: Floor;
}

interface Row {
  readonly body: string;
  readonly last: string | null;
  readonly more: boolean;
  readonly replayed: string | null;
}

/** Reads pages of a shard: those that are asked for at once as one statement. */
export class PageReader {
  private readonly flights: ReadFlights<PageRead, MessagePage>;

  constructor(limits: BatchingConfig, onFlight: OnFlight) {
    this.flights = new ReadFlights({
      operation: 'pages',
      carry: readPages,
      keyOf,
      limits,
      onFlight,
    });
  }

  read(page: PageRead, route: Route): Promise<Answered<MessagePage>> {
    return this.flights.read(page, route);
  }

  /** Reads that wait for a flight to servers of that role. */
  queueLength(role: Source['role']): number {
    return this.flights.queueLength(role);
  }

  idle(): Promise<void> {
    return this.flights.idle();
  }
}

function keyOf({ tag, limit, before = '', floor }: PageRead): string {
  const needed = floor === 'primary' ? floor : formatPosition(floor);
  return `${limit} ${before} ${needed} ${tag}`;
}

async function readPages(
  { client, name }: Source,
  reads: readonly PageRead[],
): Promise<(MessagePage | Failed)[]> {
  const rows = await client.$queryRawUnsafe<Row[]>(
    PAGES.sql,
    reads.map(({ tag }) => tag),
    reads.map(({ before }) => before ?? null),
    reads.map(({ limit }) => limit),
    reads.map(({ tag }) => tailOf(tag)),
  );
  return rows.map((row, index) => {
    const { floor } = reads[index] as PageRead;
    if (row.replayed !== null && floor !== 'primary' && parseLsn(row.replayed) < floor.lsn) {
      return new Failed(new StaleReadError(name));
    }
    return { json: row.body, next: row.more && row.last ? row.last : undefined };
  });
}
