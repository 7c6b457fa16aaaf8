import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { formatBucketRanges, type ShardConfig } from '../../config/index.js';
import { DatabaseStateError } from './database-state.error.js';

/*
 * Each shard's database remembers which buckets it owns, so that a configuration that moves buckets
 * without moving their messages is refused instead of losing them from sight.
 *
 * New databases are claimed in two steps: first every shard writes its claim under one layout id,
 * then every claim is settled. A layout of which any claim is settled is complete, so an empty
 * database beside a settled one is a shard that was added, or lost; an empty one beside unsettled
 * claims is a first start that was interrupted, and goes on.
 */

export interface Claim {
  readonly layoutId: string;
  readonly buckets: string;
  readonly settled: boolean;
}

export interface ShardClaim {
  readonly shard: ShardConfig;
  readonly claim: Claim | undefined;
}

export async function readClaim(session: pg.Client): Promise<Claim | undefined> {
  const { rows } = await session.query<Claim>(
    `SELECT layout_id AS "layoutId", buckets, settled_at IS NOT NULL AS settled
       FROM shard_ownership`,
  );
  return rows[0];
}

/**
 * Whether the claims are those of the configured layout: `claimed` if all are settled, `claimable`
 * if the databases are new, or a first claim was interrupted.
 *
 * @throws DatabaseStateError if a database owns other buckets, or does not belong to this layout
 */
export function checkClaims(claims: readonly ShardClaim[]): 'claimed' | 'claimable' {
  const first = claims.find(({ claim }) => claim);
  for (const { shard, claim } of claims) {
    const configured = formatBucketRanges(shard.buckets);
    if (claim && claim.buckets !== configured) {
      throw new DatabaseStateError(
        shard.name,
        `its database owns buckets ${claim.buckets}, but the configuration gives it ${configured}. ` +
          'Messages do not move by themselves: move them first, or restore the shard list',
      );
    }
    if (claim && first?.claim && claim.layoutId !== first.claim.layoutId) {
      throw new DatabaseStateError(
        shard.name,
        `its database belongs to another set of shards than that of ${first.shard.name}`,
      );
    }
  }
  const settled = claims.find(({ claim }) => claim?.settled);
  const empty = claims.find(({ claim }) => !claim);
  if (settled && empty) {
    throw new DatabaseStateError(
      empty.shard.name,
      `its database owns no buckets, though that of ${settled.shard.name} belongs to a complete ` +
        'set of shards. Is this the right database?',
    );
  }
  return claims.every(({ claim }) => claim?.settled) ? 'claimed' : 'claimable';
}

/** The layout id that the interrupted claim used, or a new one. */
export function layoutIdFor(claims: readonly ShardClaim[]): string {
  return claims.find(({ claim }) => claim)?.claim?.layoutId ?? randomUUID();
}

export async function writeClaim(
  session: pg.Client,
  shard: ShardConfig,
  layoutId: string,
): Promise<void> {
  await session.query(
    `INSERT INTO shard_ownership (layout_id, buckets) VALUES ($1, $2)
     ON CONFLICT (singleton) DO NOTHING`,
    [layoutId, formatBucketRanges(shard.buckets)],
  );
}

export async function settleClaim(session: pg.Client): Promise<void> {
  await session.query('UPDATE shard_ownership SET settled_at = now() WHERE settled_at IS NULL');
}
