import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { findUpwards } from '../../config/index.js';

export interface Migration {
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the file, as Prisma writes it into `_prisma_migrations`. */
  readonly checksum: string;
}

interface AppliedMigration {
  readonly name: string;
  readonly checksum: string;
  readonly finished: boolean;
}

/** How a database stands to the migrations of this version. */
export type SchemaState =
  | { readonly kind: 'current' }
  | { readonly kind: 'behind'; readonly missing: readonly string[] }
  | { readonly kind: 'ahead'; readonly unknown: readonly string[] }
  | { readonly kind: 'half-migrated'; readonly failed: readonly string[] }
  | { readonly kind: 'edited'; readonly changed: readonly string[] };

export const migrationsDirectory = findUpwards('prisma/migrations');

export async function readMigrations(): Promise<Migration[]> {
  const entries = await readdir(migrationsDirectory, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return Promise.all(
    names.toSorted().map(async (name) => {
      const sql = await readFile(join(migrationsDirectory, name, 'migration.sql'), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

export async function readSchemaState(
  session: pg.Client,
  migrations: readonly Migration[],
): Promise<SchemaState> {
  const applied = await readApplied(session);
  const failed = applied.filter(({ finished }) => !finished);
  if (failed.length > 0) return { kind: 'half-migrated', failed: failed.map(nameOf) };

  const known = new Map(migrations.map((migration) => [migration.name, migration]));
  const unknown = applied.filter(({ name }) => !known.has(name));
  if (unknown.length > 0) return { kind: 'ahead', unknown: unknown.map(nameOf) };

  const changed = applied.filter(({ name, checksum }) => known.get(name)?.checksum !== checksum);
  if (changed.length > 0) return { kind: 'edited', changed: changed.map(nameOf) };

  const done = new Set(applied.map(nameOf));
  const missing = migrations.filter(({ name }) => !done.has(name));
  return missing.length > 0
    ? { kind: 'behind', missing: missing.map(nameOf) }
    : { kind: 'current' };
}

async function readApplied(session: pg.Client): Promise<AppliedMigration[]> {
  const table = await session.query<{ found: boolean }>(
    `SELECT to_regclass('_prisma_migrations') IS NOT NULL AS found`,
  );
  if (!table.rows[0]?.found) return [];
  const { rows } = await session.query<AppliedMigration>(
    `SELECT migration_name AS name, checksum, finished_at IS NOT NULL AS finished
       FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY migration_name`,
  );
  return rows;
}

const nameOf = ({ name }: { readonly name: string }): string => name;
