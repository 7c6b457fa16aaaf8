import { BUCKET_COUNT } from '../messages/bucket.js';

export interface BucketRange {
  /** 0 to 4,095. */
  readonly first: number;
  /** 0 to 4,095, included. */
  readonly last: number;
}

export interface ShardConfig {
  readonly name: string;
  readonly buckets: readonly BucketRange[];
  readonly primaryUrl: string;
  readonly replicaUrls: readonly string[];
}

export interface ShardLayout {
  readonly name: string;
  readonly buckets: readonly BucketRange[];
}

export const ALL_BUCKETS: readonly BucketRange[] = [{ first: 0, last: BUCKET_COUNT - 1 }];

const SHARD = /^([a-z][a-z0-9]{0,30}):(\d+-\d+(?:\+\d+-\d+)*)$/;

/**
 * Reads a shard list such as `s0:0-2047,s1:2048-4095`; a shard with several ranges joins them by
 * `+`. Every bucket has to stand in it exactly once.
 */
export function parseShardList(text: string): { shards: ShardLayout[]; faults: string[] } {
  const shards: ShardLayout[] = [];
  const faults: string[] = [];
  for (const part of text.split(',').map((entry) => entry.trim())) {
    const [, name, ranges] = SHARD.exec(part) ?? [];
    if (!name || !ranges) {
      faults.push(`"${part}" is not of the form name:first-last (name: a-z, 0-9)`);
      continue;
    }
    if (shards.some((shard) => shard.name === name)) faults.push(`shard ${name} stands twice`);
    shards.push({ name, buckets: parseBucketRanges(ranges) });
  }
  if (faults.length === 0) faults.push(...coverageFaults(shards));
  return { shards, faults };
}

export function parseBucketRanges(text: string): BucketRange[] {
  return text.split('+').map((range) => {
    const [first = NaN, last = NaN] = range.split('-').map(Number);
    return { first, last };
  });
}

/** Ranges as they are written in a shard list: sorted, neighbours joined. */
export function formatBucketRanges(ranges: readonly BucketRange[]): string {
  const joined: BucketRange[] = [];
  for (const range of ranges.toSorted((a, b) => a.first - b.first)) {
    const before = joined.at(-1);
    if (before && before.last + 1 === range.first) {
      joined[joined.length - 1] = { first: before.first, last: range.last };
    } else {
      joined.push(range);
    }
  }
  return joined.map(({ first, last }) => `${first}-${last}`).join('+');
}

function coverageFaults(shards: readonly ShardLayout[]): string[] {
  const faults: string[] = [];
  const ranges = shards
    .flatMap(({ name, buckets }) => buckets.map((range) => ({ name, ...range })))
    .sort((a, b) => a.first - b.first);
  let expected = 0;
  for (const { name, first, last } of ranges) {
    if (first > last || last >= BUCKET_COUNT) {
      faults.push(`${first}-${last} of ${name} is not a range within 0-${BUCKET_COUNT - 1}`);
      continue;
    }
    if (first > expected) faults.push(`no shard has buckets ${expected}-${first - 1}`);
    if (first < expected) {
      faults.push(`buckets ${first}-${Math.min(last, expected - 1)} stand twice, again in ${name}`);
    }
    expected = Math.max(expected, last + 1);
  }
  if (faults.length === 0 && expected < BUCKET_COUNT) {
    faults.push(`no shard has buckets ${expected}-${BUCKET_COUNT - 1}`);
  }
  return faults;
}
