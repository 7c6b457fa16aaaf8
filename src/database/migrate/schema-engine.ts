import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import type pg from 'pg';
import * as engineModule from '@prisma/schema-engine-wasm/schema_engine_bg';
import { migrationsDirectory, type Migration } from './migrations.js';

/** What the WebAssembly build of Prisma's schema engine exports besides its documented types. */
interface EngineInternals {
  __wbg_set_wasm(exports: WebAssembly.Exports): void;
}

let instantiated: Promise<void> | undefined;

/**
 * Applies the migrations that a database lacks, as `prisma migrate deploy` would, by the same engine
 * compiled to WebAssembly: production needs neither the CLI nor a download.
 */
export async function applyMigrations(
  databaseUrl: string,
  migrations: readonly Migration[],
): Promise<readonly string[]> {
  await (instantiated ??= instantiate());
  const scripts = new WholeScripts({
    connectionString: databaseUrl,
    connectionTimeoutMillis: 10_000,
    max: 2,
  });
  const factory = bindMigrationAwareSqlAdapterFactory(scripts);
  const engine = await engineModule.SchemaEngine.new(
    { datamodels: undefined },
    () => undefined,
    factory,
  );
  try {
    const { appliedMigrationNames } = await engine.applyMigrations({
      migrationsList: {
        baseDir: migrationsDirectory,
        lockfile: { path: 'migration_lock.toml', content: 'provider = "postgresql"\n' },
        shadowDbInitScript: '',
        migrationDirectories: migrations.map(({ name, sql }) => ({
          path: name,
          migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: sql } },
        })),
      },
      filters: { externalTables: [], externalEnums: [] },
    });
    return appliedMigrationNames;
  } finally {
    engine.free();
    await scripts.close();
  }
}

/**
 * The adapter splits a migration at every semicolon, also in comments and function bodies, and runs
 * the pieces one by one. Sent whole, PostgreSQL splits it, and runs it in one transaction: a
 * migration that fails leaves nothing behind.
 */
class WholeScripts extends PrismaPg {
  private readonly pools = new Set<pg.Pool>();

  override async connect(): ReturnType<PrismaPg['connect']> {
    const adapter = await super.connect();
    adapter.executeScript = async (script) => {
      await adapter.underlyingDriver().query(script);
    };
    this.pools.add(adapter.underlyingDriver());
    return adapter;
  }

  /** The engine leaves its connections open. */
  async close(): Promise<void> {
    await Promise.all([...this.pools].filter((pool) => !pool.ended).map((pool) => pool.end()));
  }
}

/** The package exports no path to its `.wasm`, which stands beside the module that it does export. */
async function instantiate(): Promise<void> {
  const module = import.meta.resolve('@prisma/schema-engine-wasm/schema_engine_bg');
  const wasm = await readFile(fileURLToPath(new URL('schema_engine_bg.wasm', module)));
  const imports = { './schema_engine_bg.js': engineModule } as unknown as WebAssembly.Imports;
  const { instance } = await WebAssembly.instantiate(wasm, imports);
  (engineModule as unknown as EngineInternals).__wbg_set_wasm(instance.exports);
  (instance.exports['__wbindgen_start'] as () => void)();
}
