import type { PageRequest } from '../messages/messages.service.js';
import type { Copy } from './copy.js';
import type { Demand, TagPlace } from './freshness.js';

/**
 * What a check came to: the copy shows what is stored (`same`); it did not any more, but nor would it
 * serve (`changed`); it would still serve, and lacks something (`different`); it could not be checked
 * (`failed`).
 */
export type CheckOutcome = 'same' | 'changed' | 'different' | 'failed';

export interface CopyCheckOptions {
  /** From the end of a check to the next, in milliseconds; 0 for none at all. */
  readonly intervalMs: number;
  /** For how long a message may be stored and not acknowledged yet, in milliseconds. */
  readonly settleMs: number;
  readonly onChecked: (outcome: CheckOutcome, shard: string, copy: Copy) => void;
}

/**
 * Compares a copy that has just served with what is stored, now and then: the promise that no copy
 * lacks an acknowledged message rests on reasoning, and is watched in production too.
 */
export class CopyCheck {
  private isDue = false;

  constructor(private readonly options: CopyCheckOptions) {
    this.waitForNext();
  }

  /** Checks the copy if a check is due; in the background, never failing. */
  served(place: TagPlace, request: PageRequest, copy: Copy): void {
    if (!this.isDue) return;
    this.isDue = false;
    void this.check(place, request, copy)
      .catch((): CheckOutcome => 'failed')
      .then((outcome) => {
        this.options.onChecked(outcome, place.shard, copy);
        this.waitForNext();
      });
  }

  private async check(place: TagPlace, request: PageRequest, copy: Copy): Promise<CheckOutcome> {
    if ((await place.readStored(request)) === copy.body.toString()) return 'same';
    // A message that is stored but not acknowledged yet is not missing. Once it is acknowledged the
    // copy does not serve any more.
    await new Promise((resolve) => setTimeout(resolve, this.options.settleMs).unref());
    const demand = await new Promise<Demand>((resolve) => place.demand(undefined, resolve));
    return demand.isMetBy(copy.asOf) ? 'different' : 'changed';
  }

  private waitForNext(): void {
    const { intervalMs } = this.options;
    if (intervalMs > 0) setTimeout(() => (this.isDue = true), intervalMs).unref();
  }
}
