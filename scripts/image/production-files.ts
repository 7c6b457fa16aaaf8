import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nodeFileTrace } from '@vercel/nft';

/** What a container runs; all that these need belongs into the image. */
const ENTRY_POINTS = ['dist/main.js', 'dist/healthcheck.js'];

/** What is read at run time by a path that no import names. */
const READ_BY_PATH = [
  // src/database/migrate/schema-engine.ts
  'node_modules/@prisma/schema-engine-wasm/schema_engine_bg.wasm',
  // The page at /docs asks for these.
  ...[
    'favicon-16x16.png',
    'favicon-32x32.png',
    'index.css',
    'swagger-ui-bundle.js',
    'swagger-ui-standalone-preset.js',
    'swagger-ui.css',
  ].map((name) => `node_modules/swagger-ui-dist/${name}`),
];

const MIGRATIONS = 'prisma/migrations';

/** What the tracer has found in files, to be found once in a process. */
const analysed = {};

/** Whoever passes a package on passes its licence on. */
const LICENCE = /^(licen[cs]e|copying|notice)([.-][^/]*)?$/i;

/**
 * The files that the compiled service needs, relative to the project's root and sorted: an import
 * that is not reached from an entry point brings nothing in. The project's own package.json is not
 * among them, see `productionManifest`.
 *
 * @throws Error if something that dist imports is not installed
 */
export async function productionFiles(root: string): Promise<string[]> {
  const dispensable = await dispensablePackages(root);
  const { fileList, warnings } = await nodeFileTrace(
    ENTRY_POINTS.map((path) => join(root, path)),
    {
      base: root,
      processCwd: root,
      // Some packages take what they find: debug colours its output where a tool has brought colours.
      ignore: (path) => packageFolders([path]).some((folder) => dispensable.has(folder)),
      // What Node 20 loads, and what newer ones do: the image's Node need not be the one that traces.
      moduleSyncCatchall: true,
      cache: analysed,
    },
  );
  const missing = [...warnings].filter(({ message }) => message.includes(`${join(root, 'dist')}/`));
  if (missing.length > 0) {
    throw new Error(missing.map(({ message }) => message).join('\n'));
  }
  const traced = [...fileList].filter((path) => path !== 'package.json');
  const files = new Set([
    ...traced,
    ...READ_BY_PATH,
    ...(await filesBelow(root, MIGRATIONS)),
    ...(await licences(root, traced)),
  ]);
  return [...files].toSorted();
}

/** package.json as the image has it: what runs, and nothing about how it is made. */
export async function productionManifest(root: string): Promise<string> {
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Record<
    string,
    unknown
  >;
  const kept = ['name', 'version', 'private', 'description', 'type', 'engines', 'dependencies'];
  return `${JSON.stringify(Object.fromEntries(kept.map((key) => [key, manifest[key]])), null, 2)}\n`;
}

/** The folders of the packages that these files are from. */
export function packageFolders(files: readonly string[]): string[] {
  const folders = files.map((path) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]);
  return [...new Set(folders.filter((folder) => folder !== undefined))].toSorted();
}

interface LockedPackage {
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly devOptional?: boolean;
}

/** What a production install need not have: for development, or optional for every package. */
async function dispensablePackages(root: string): Promise<ReadonlySet<string>> {
  const lock = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, LockedPackage>>;
  };
  const folders = Object.entries(lock.packages).filter(
    ([, { dev, optional, devOptional }]) => dev ?? optional ?? devOptional ?? false,
  );
  return new Set(folders.map(([folder]) => folder));
}

async function licences(root: string, files: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    packageFolders(files).map(async (folder) => {
      const entries = await readdir(join(root, folder), { withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile() && LICENCE.test(entry.name))
        .map(({ name }) => `${folder}/${name}`);
    }),
  );
  return found.flat();
}

async function filesBelow(root: string, folder: string): Promise<string[]> {
  const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(root, '/').length));
}
