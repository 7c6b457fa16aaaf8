interface Sample {
  /** Milliseconds of a monotonic clock. */
  readonly at: number;
  readonly lsn: bigint;
}

/**
 * When WAL was first seen to have reached which position: what turns a position that a replica has
 * not reached into a lag in time. One clock measures both ends, so clocks that differ do not
 * matter, and on an idle primary nothing lags, however long ago the last transaction was.
 */
export class WalProgress {
  private samples: Sample[] = [];

  /** @param memoryMs how long a lag is told exactly; a longer one is told as at least this */
  constructor(private readonly memoryMs: number) {}

  record(lsn: bigint, now: number): void {
    const last = this.samples.at(-1);
    // After a restore or a failover that lost WAL, what was known before says nothing any more.
    if (last && lsn < last.lsn) this.samples = [];
    if (!last || lsn !== last.lsn) this.samples.push({ at: now, lsn });
    const firstToKeep = this.samples.findIndex(({ at }) => at >= now - this.memoryMs);
    if (firstToKeep > 1) this.samples.splice(0, firstToKeep - 1);
  }

  get lsn(): bigint {
    return this.samples.at(-1)?.lsn ?? 0n;
  }

  /** For how long, in milliseconds, WAL beyond `lsn` has been known to exist; 0 if none is. */
  lagOf(lsn: bigint, now: number): number {
    const missing = this.samples.find((sample) => sample.lsn > lsn);
    return missing ? now - missing.at : 0;
  }
}
