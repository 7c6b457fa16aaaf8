import { hash } from 'node:crypto';

/** Buckets are logical shards: their number and the hash never change, what holds them may. */
export const BUCKET_COUNT = 4096;

/** What was worked out lately: a hash costs a twelfth of what a page takes from this process. */
const known = new Map<string, number>();
const KNOWN_MAX = 10_000;

/**
 * The bucket of a normalised tag, 0 to 4,095: the first 12 bits of SHA-256 of its UTF-8.
 * PostgreSQL computes the same in `bucket_of_tag` (prisma/migrations).
 */
export function bucketOfTag(tag: string): number {
  let bucket = known.get(tag);
  if (bucket === undefined) {
    bucket = hash('sha256', tag, 'buffer').readUInt16BE(0) >> 4;
    if (known.size >= KNOWN_MAX) known.clear();
    known.set(tag, bucket);
  }
  return bucket;
}
