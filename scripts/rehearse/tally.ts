export type RequestKind = 'GET' | 'POST';

/** What came of the requests of one act. */
export class Tally {
  private readonly latenciesMs: number[] = [];
  /** GETs that were not answered 200. */
  readonly failedReads: string[] = [];
  /** Answers to POSTs that were not 201, after which the POST was sent again. */
  readonly repeated: string[] = [];
  /** POSTs that were given up. */
  readonly lost: string[] = [];
  /** Pages that did not show a message that had been acknowledged to the same client before. */
  readonly stale: string[] = [];

  /** @param ms from the request to the end of its answer */
  answered(ms: number): void {
    this.latenciesMs.push(ms);
  }

  get requests(): number {
    return this.latenciesMs.length;
  }

  /** In milliseconds; 0 if there was no request. @param share from 0 to 1 */
  latency(share: number): number {
    const sorted = this.latenciesMs.toSorted((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  }
}
