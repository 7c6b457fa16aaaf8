import type { Message } from '../../src/messages/message.js';

export interface BatchStore {
  /** Answers how many of the messages were new. */
  insertMany(messages: readonly Message[]): Promise<number>;
}

/** Two: one batch is on its way while the next is read and validated. */
const MAX_IN_FLIGHT = 2;

/** Stores messages in batches; `add` waits while enough of them are on their way. */
export class BatchWriter {
  /** Messages whose batch was stored, and how many of them were new. */
  stored = 0;
  inserted = 0;
  private batch: Message[] = [];
  private readonly inFlight = new Set<Promise<void>>();
  private failure: { readonly error: unknown } | undefined;

  constructor(
    private readonly store: BatchStore,
    private readonly batchSize: number,
  ) {}

  /** @throws what a batch before this message failed with */
  async add(message: Message): Promise<void> {
    this.batch.push(message);
    if (this.batch.length >= this.batchSize) await this.send();
  }

  /** Sends what is left and waits for all that is on its way. */
  async finish(): Promise<void> {
    if (this.batch.length > 0 && !this.failure) await this.send();
    await this.settle();
    this.throwFailure();
  }

  /** Waits for what is on its way, whether it succeeds or not. */
  async settle(): Promise<void> {
    await Promise.all(this.inFlight);
  }

  private async send(): Promise<void> {
    while (this.inFlight.size >= MAX_IN_FLIGHT) await Promise.race(this.inFlight);
    this.throwFailure();
    const batch = this.batch;
    this.batch = [];
    const sent = this.insert(batch).finally(() => this.inFlight.delete(sent));
    this.inFlight.add(sent);
  }

  /** Never rejects: between two calls of `add` nobody would be there to notice. */
  private async insert(batch: readonly Message[]): Promise<void> {
    try {
      const inserted = await this.store.insertMany(batch);
      this.inserted += inserted;
      this.stored += batch.length;
    } catch (error) {
      this.failure ??= { error };
    }
  }

  private throwFailure(): void {
    if (this.failure) throw this.failure.error;
  }
}
