import { setTimeout as sleep } from 'node:timers/promises';
import type { PrismaClient } from '../generated/client.js';

const INTERVAL_MS = 10 * 60_000;
const ROWS_AT_ONCE = 1_000;

/** Processes that clean at once share the work: rows that another one has in hand are skipped. */
const DELETE_EXPIRED = `
DELETE FROM idempotency_keys
 WHERE key IN (SELECT key
                 FROM idempotency_keys
                WHERE created_at < now() - interval '24 hours'
                ORDER BY created_at
                LIMIT ${ROWS_AT_ONCE}
                  FOR UPDATE SKIP LOCKED)`;

/** Deletes a shard's idempotency keys once they no longer count, in small steps. */
export class KeyCleaner {
  private readonly stopped = new AbortController();
  private running: Promise<void> | undefined;

  constructor(
    private readonly primary: PrismaClient,
    private readonly onError: (error: unknown) => void,
  ) {}

  start(): void {
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    await this.running;
  }

  /** @returns how many keys were deleted */
  async clean(): Promise<number> {
    let total = 0;
    for (;;) {
      const deleted = await this.primary.$executeRawUnsafe(DELETE_EXPIRED);
      total += deleted;
      if (deleted < ROWS_AT_ONCE || this.stopped.signal.aborted) return total;
    }
  }

  private async run(): Promise<void> {
    const { signal } = this.stopped;
    while (!signal.aborted) {
      // Processes that were started together do not clean together.
      const pause = INTERVAL_MS * (0.5 + Math.random());
      await sleep(pause, undefined, { signal, ref: false }).catch(() => undefined);
      if (!signal.aborted) await this.clean().catch(this.onError);
    }
  }
}
