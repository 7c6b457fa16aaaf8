import type { BatchingConfig } from '../../config/index.js';
import { IdempotencyConflictError } from '../../errors/index.js';
import { Failed, NextFlight } from '../../batching/next-flight.js';
import { type OnWriteCall, timed, type WriteCall } from '../database-observer.js';
import { observed, type OnFlight } from '../flight.js';
import type { Position } from '../freshness/position.js';
import type { PrismaClient } from '../generated/client.js';
import { isRefusedData, isTransient, isUnavailable } from '../unavailable.js';
import { insertRows, type NewRow } from './insert.statement.js';
import { readWrittenPosition } from './position.statement.js';

/** How a row was stored. */
export interface StoredRow {
  /** That of the row, or of the message that its key came to before. */
  readonly id: string;
  /** At or past the commit. */
  readonly position: Position;
}

export interface WriterOptions {
  readonly limits: BatchingConfig;
  /** No attempt begins later than this after the first one. */
  readonly retryForMs: number;
  /** Told of a commit before anybody is answered. */
  readonly committed: (tags: readonly string[], position: Position) => Promise<void>;
  readonly onFlight: OnFlight;
  readonly onWriteCall: OnWriteCall;
}

const PRIMARY = { name: 'primary', role: 'primary' } as const;

/** What a failed attempt is followed by; a connection that broke is often the only one that did. */
const MAX_ATTEMPTS = 3;

/** Inserts into a shard: rows that come at once go as one statement. */
export class MessageWriter {
  private readonly flights: NextFlight<NewRow, StoredRow>;

  constructor(
    private readonly primary: PrismaClient,
    private readonly options: WriterOptions,
  ) {
    this.flights = new NextFlight({
      ...options.limits,
      fly: (rows) =>
        observed(
          { operation: 'insert', server: PRIMARY, items: rows.length },
          () => this.store(rows),
          options.onFlight,
        ),
      grounds: isUnavailable,
    });
  }

  /** @throws IdempotencyConflictError if the row's key came with another body before */
  insert(row: NewRow): Promise<StoredRow> {
    return this.flights.join(row);
  }

  /** Rows that wait for a flight. */
  get queueLength(): number {
    return this.flights.queueLength;
  }

  idle(): Promise<void> {
    return this.flights.idle();
  }

  private async store(rows: readonly NewRow[]): Promise<(StoredRow | Failed)[]> {
    const holders = await this.insertApart(firstOfEachKey(rows));
    // Also for keys that were held already: whoever stored the message may not have told yet.
    const position = await this.repeat('position', () => readWrittenPosition(this.primary));
    await this.options.committed([...new Set(rows.map(({ message }) => message.tag))], position);
    return rows.map((row) => {
      const holder = holders.get(slotOf(row));
      if (holder === undefined || holder instanceof Failed) return holder ?? forgotten(row);
      return holder.body === row.idempotency?.body
        ? { id: holder.messageId, position }
        : new Failed(new IdempotencyConflictError());
    });
  }

  /** What holds the slot of each row afterwards. A row that the database refuses fails alone. */
  private async insertApart(rows: readonly NewRow[]): Promise<Map<string, Holder | Failed>> {
    try {
      const held = await this.repeat('insert', () => insertRows(this.primary, rows));
      return new Map<string, Holder>([
        ...rows.map((row) => [slotOf(row), holderIn(row)] as const),
        ...held.map((holder) => [holder.key, holder] as const),
      ]);
    } catch (error) {
      if (!isRefusedData(error)) throw error;
      if (rows.length === 1) return new Map(rows.map((row) => [slotOf(row), new Failed(error)]));
      const half = Math.ceil(rows.length / 2);
      const left = await this.insertApart(rows.slice(0, half));
      const right = await this.insertApart(rows.slice(half));
      return new Map([...left, ...right]);
    }
  }

  /**
   * An answer that was lost says nothing of what was asked: it may have been done. Everything here
   * may be done twice, so it simply is.
   */
  private async repeat<T>(call: WriteCall, work: () => Promise<T>): Promise<T> {
    const until = performance.now() + this.options.retryForMs;
    for (let attempt = 1; ; attempt++) {
      try {
        return await timed(call, this.options.onWriteCall, work);
      } catch (error) {
        const again = attempt < MAX_ATTEMPTS && performance.now() < until && isTransient(error);
        if (!again) throw error;
      }
    }
  }
}

interface Holder {
  readonly messageId: string;
  /** Undefined where there is no key. */
  readonly body: string | undefined;
}

/** What only one message can have: its key, else itself. */
function slotOf({ message, idempotency }: NewRow): string {
  return idempotency?.key ?? message.id;
}

function holderIn({ message, idempotency }: NewRow): Holder {
  return { messageId: message.id, body: idempotency?.body };
}

/** Twins under way at once: one of them is sent, and all come to what it comes to. */
function firstOfEachKey(rows: readonly NewRow[]): NewRow[] {
  const firsts = new Map<string, NewRow>();
  for (const row of rows) if (!firsts.has(slotOf(row))) firsts.set(slotOf(row), row);
  return [...firsts.values()];
}

function forgotten({ message }: NewRow): Failed {
  return new Failed(new Error(`nothing is known of what became of message ${message.id}`));
}
