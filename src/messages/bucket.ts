import { hash } from 'node:crypto';

/** Buckets are logical shards: their number and the hash never change, what holds them may. */
export const BUCKET_COUNT = 4096;

/**
 * The bucket of a normalised tag, 0 to 4,095: the first 12 bits of SHA-256 of its UTF-8.
 * PostgreSQL computes the same in `bucket_of_tag` (prisma/migrations).
 */
export function bucketOfTag(tag: string): number {
  return hash('sha256', tag, 'buffer').readUInt16BE(0) >> 4;
}
