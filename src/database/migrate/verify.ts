import type { DatabaseConfig, ShardConfig } from '../../config/index.js';
import { DatabaseStateError } from './database-state.error.js';
import { readClaims } from './migrate.js';
import { readMigrations, readSchemaState, type Migration } from './migrations.js';
import { checkClaims } from './ownership.js';
import { withSession } from './session.js';

/**
 * Refuses to serve from databases that this version cannot serve from. A database that is ahead is
 * accepted: while a release rolls out, the version before it runs on the newer schema.
 *
 * @returns the id of the layout that all the shards belong to
 * @throws DatabaseStateError
 */
export async function verifyShards({
  shards,
}: Pick<DatabaseConfig, 'shards'>): Promise<{ layoutId: string }> {
  const migrations = await readMigrations();
  await Promise.all(shards.map((shard) => verifySchema(shard, migrations)));
  const claims = await readClaims(shards);
  const layoutId = claims[0]?.claim?.layoutId;
  if (checkClaims(claims) !== 'claimed' || layoutId === undefined) {
    const names = shards.map(({ name }) => name).join(', ');
    throw new DatabaseStateError(
      names,
      'the first migration was interrupted: run npm run migrate',
      {
        mayPass: true,
      },
    );
  }
  return { layoutId };
}

async function verifySchema(shard: ShardConfig, migrations: readonly Migration[]): Promise<void> {
  const state = await withSession(shard, (session) => readSchemaState(session, migrations));
  if (state.kind === 'current' || state.kind === 'ahead') return;
  const problem =
    state.kind === 'behind'
      ? `lacks ${state.missing.join(', ')}`
      : state.kind === 'edited'
        ? `was migrated by another text of ${state.changed.join(', ')}`
        : `is half-migrated: ${state.failed.join(', ')}`;
  throw new DatabaseStateError(shard.name, `${problem}. Run npm run migrate`, {
    // One that is being migrated is half-migrated, too.
    mayPass: state.kind !== 'edited',
  });
}
