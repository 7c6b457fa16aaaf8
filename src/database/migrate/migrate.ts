import type { DatabaseConfig, ShardConfig } from '../../config/index.js';
import { DatabaseStateError } from './database-state.error.js';
import { readMigrations, readSchemaState, type Migration, type SchemaState } from './migrations.js';
import {
  checkClaims,
  layoutIdFor,
  readClaim,
  settleClaim,
  type ShardClaim,
  writeClaim,
} from './ownership.js';
import { applyMigrations } from './schema-engine.js';
import { withMigrateLock, withSession } from './session.js';

const LOCK_WAIT_MS = 60_000;

/**
 * Brings every shard to the schema of this version and lets each database remember its buckets.
 * Several processes may run it at once: they take turns, and the later ones find nothing to do.
 *
 * @throws DatabaseStateError if a database is ahead of this version, half-migrated, was migrated by
 * other files, or owns other buckets than the configuration gives it
 */
export async function migrate(
  { shards }: Pick<DatabaseConfig, 'shards'>,
  onProgress: (message: string) => void,
): Promise<void> {
  const migrations = await readMigrations();
  for (const shard of shards) await migrateShard(shard, migrations, onProgress);
  await claimBuckets(shards, onProgress);
}

async function migrateShard(
  shard: ShardConfig,
  migrations: readonly Migration[],
  onProgress: (message: string) => void,
): Promise<void> {
  await withSession(shard, (session) =>
    withMigrateLock(shard.name, session, LOCK_WAIT_MS, async () => {
      const state = await readSchemaState(session, migrations);
      refuseUnmigratable(shard.name, state);
      if (state.kind === 'current') {
        onProgress(`shard ${shard.name}: schema is up to date`);
        return;
      }
      const applied = await applyMigrations(shard.primaryUrl, migrations).catch(
        (cause: unknown) => {
          throw new DatabaseStateError(shard.name, 'a migration failed', { cause });
        },
      );
      onProgress(`shard ${shard.name}: applied ${applied.join(', ')}`);
    }),
  );
}

function refuseUnmigratable(shard: string, state: SchemaState): void {
  switch (state.kind) {
    case 'half-migrated':
      throw new DatabaseStateError(
        shard,
        `is half-migrated: ${state.failed.join(', ')} was begun and did not finish. Look at ` +
          '_prisma_migrations.logs, repair the database, and set rolled_back_at or finished_at there',
      );
    case 'ahead':
      throw new DatabaseStateError(
        shard,
        `is ahead of this version, which does not know ${state.unknown.join(', ')}. ` +
          'Migrate with the newer version',
      );
    case 'edited':
      throw new DatabaseStateError(
        shard,
        `was migrated by another text of ${state.changed.join(', ')}. ` +
          'A migration is never edited after it was applied: add a new one',
      );
    case 'behind':
    case 'current':
  }
}

/** Taken in turns by a lock on the first shard, so that two processes never claim at once. */
async function claimBuckets(
  shards: readonly ShardConfig[],
  onProgress: (message: string) => void,
): Promise<void> {
  const [first] = shards.toSorted(
    (a, b) => (a.buckets[0]?.first ?? 0) - (b.buckets[0]?.first ?? 0),
  );
  if (!first) return;
  await withSession(first, (session) =>
    withMigrateLock(first.name, session, LOCK_WAIT_MS, async () => {
      if (checkClaims(await readClaims(shards)) === 'claimed') return;
      const layoutId = layoutIdFor(await readClaims(shards));
      for (const shard of shards) {
        await withSession(shard, (each) => writeClaim(each, shard, layoutId));
      }
      // Read again: two shards of the list may be one database, which kept the first claim only.
      checkClaims(await readClaims(shards));
      for (const shard of shards) await withSession(shard, settleClaim);
      onProgress(`${shards.length} shard(s) remember their buckets`);
    }),
  );
}

export function readClaims(shards: readonly ShardConfig[]): Promise<ShardClaim[]> {
  return Promise.all(
    shards.map(async (shard) => ({ shard, claim: await withSession(shard, readClaim) })),
  );
}
