import { BUCKET_COUNT } from '../../messages/bucket.js';

/** Which shard has a bucket. Built once: every bucket stands in it exactly once. */
export class ShardMap<
  Shard extends { readonly buckets: readonly { first: number; last: number }[] },
> {
  private readonly byBucket: Shard[] = [];

  /** @throws Error if a bucket stands nowhere or twice */
  constructor(readonly shards: readonly Shard[]) {
    for (const shard of shards) {
      for (const { first, last } of shard.buckets) {
        for (let bucket = first; bucket <= last; bucket++) {
          if (this.byBucket[bucket]) throw new Error(`bucket ${bucket} stands in two shards`);
          this.byBucket[bucket] = shard;
        }
      }
    }
    for (let bucket = 0; bucket < BUCKET_COUNT; bucket++) this.of(bucket);
  }

  of(bucket: number): Shard {
    const shard = this.byBucket[bucket];
    if (!shard) throw new Error(`no shard has bucket ${bucket}`);
    return shard;
  }
}
