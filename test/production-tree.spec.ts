import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseDockerfile } from '../scripts/image/dockerfile.js';
import { packageFolders } from '../scripts/image/production-files.js';
import { type ProductionTree, writeProductionTree } from '../scripts/image/production-tree.js';
import { TestDatabases } from './harness/databases.js';
import { get, post } from './harness/http.js';
import { ServiceProcess } from './harness/service-process.js';

const EPOCH_SECONDS = 1_700_000_000;
const DEADLINE_MS = 50_000;
/** The service does without what it does not find: this is for people at a terminal. */
const OPTIONAL = ['pino-pretty'];

/** To read what the service reaches, file by file. */
const TREE_MS = 300_000;

let folder: string;
let root: string;
let tree: ProductionTree;
let databases: TestDatabases;

// Outside the project, so that nothing is found in its node_modules.
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'messages-tree-'));
  root = join(folder, 'app');
  databases = await TestDatabases.create();
  tree = await writeProductionTree(process.cwd(), root, EPOCH_SECONDS);
}, TREE_MS);

afterAll(async () => {
  await databases[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

describe('what the production image holds', () => {
  it('migrates and serves by itself', async () => {
    const env = databases.env({ PATH: process.env['PATH'] });
    const main = join(root, 'dist/main.js');
    const options = { cwd: folder, env, timeout: DEADLINE_MS };
    const { stderr } = await promisify(execFile)(process.execPath, [main, 'migrate'], options);
    expect(stderr).toContain('shard s1: applied');

    await using service = await ServiceProcess.start(env, { root });
    const { status, body } = await post(service.url, { message: 'x', tag: 'tree' });
    expect(status).toBe(201);
    expect((await get(service.url, '/messages?tag=tree')).body).toEqual([body]);
  });

  it('has what tells a container engine whether the service lives', async () => {
    await using service = await ServiceProcess.start(databases.env(), { root });
    const env = { MANAGEMENT_PORT: String(service.ports.management) };
    expect(await healthcheck(env)).toEqual({ code: 0, stderr: '' });
    await service.stop();
    expect(await healthcheck(env)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('fetch failed'),
    });
  });

  it('has the programs that the Dockerfile runs', async () => {
    const instructions = parseDockerfile(await readFile('Dockerfile', 'utf8')).stages.at(
      -1,
    )?.instructions;
    const programs = instructions?.flatMap(({ text }) => text.match(/(?<="\/app\/)[^"]+/g) ?? []);
    expect(programs).toEqual(['dist/healthcheck.js', 'dist/main.js']);
    expect(tree.files).toEqual(expect.arrayContaining(programs ?? []));
  });

  it('has whatever the page at /docs asks for', async () => {
    await using service = await ServiceProcess.start(databases.env(), { root });
    const page = await (await fetch(`${service.url}/docs`)).text();
    const paths = [...page.matchAll(/(?:src|href)="(\.\/[^"]+)"/g)].map(([, path]) => path);
    expect(paths).toContain('./docs/swagger-ui-bundle.js');
    for (const path of paths) {
      const answer = await fetch(new URL(path ?? '', `${service.url}/docs`));
      await answer.body?.cancel();
      expect([path, answer.status]).toEqual([path, 200]);
    }
  });

  it('imports packages that package.json names as dependencies, and no others', async () => {
    const { dependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    const imported = new Set<string>();
    for (const path of tree.files.filter((name) => /^dist\/.*\.js$/.test(name))) {
      for (const name of bareImports(await readFile(join(root, path), 'utf8'))) imported.add(name);
    }
    expect(imported).toContain('@nestjs/core');
    const undeclared = [...imported].filter(
      (name) => !(name in dependencies) && !OPTIONAL.includes(name),
    );
    expect(undeclared).toEqual([]);
  });

  it('has only packages that a production install has', async () => {
    const lock = JSON.parse(await readFile('package-lock.json', 'utf8')) as {
      packages: Record<string, { dev?: boolean; optional?: boolean; devOptional?: boolean }>;
    };
    const folders = packageFolders(tree.files);
    expect(folders).toContain('node_modules/@prisma/client');
    const others = folders.filter((folder) => {
      const { dev, optional, devOptional } = lock.packages[folder] ?? { dev: true };
      return dev ?? optional ?? devOptional;
    });
    expect(others).toEqual([]);
  });

  it("has Prisma's WebAssembly for PostgreSQL, and for no other database", () => {
    const compilers = tree.files.filter((path) => path.includes('query_compiler'));
    expect(compilers).not.toEqual([]);
    expect(compilers.filter((path) => !path.includes('.postgresql.'))).toEqual([]);
  });

  it(
    'is the same to the byte when made again',
    async () => {
      const again = join(folder, 'again');
      await writeProductionTree(process.cwd(), again, EPOCH_SECONDS);
      expect(await fingerprint(again, tree.files)).toEqual(await fingerprint(root, tree.files));
      expect((await stat(join(root, 'dist'))).mtimeMs).toBe(EPOCH_SECONDS * 1000);
    },
    TREE_MS,
  );
});

describe('.dockerignore', () => {
  it('lets into the build what it names, and that is there', async () => {
    const lines = (await readFile('.dockerignore', 'utf8')).split('\n');
    const [first, ...patterns] = lines.filter((line) => line !== '' && !line.startsWith('#'));
    expect(first).toBe('*');
    const allowed = patterns.flatMap((line) => (line.startsWith('!') ? line.slice(1) : []));
    for (const path of allowed) await expect(stat(path)).resolves.toBeDefined();
    expect(allowed.filter((path) => /[*?]|^\.(git|env|data)|node_modules|test/.test(path))).toEqual(
      [],
    );
    // A path is allowed before some of it is taken out again.
    expect(patterns.slice(0, allowed.length).every((line) => line.startsWith('!'))).toBe(true);
  });
});

async function healthcheck(env: NodeJS.ProcessEnv) {
  const program = join(root, 'dist/healthcheck.js');
  const options = { cwd: '/', env, timeout: DEADLINE_MS };
  return promisify(execFile)(process.execPath, [program], options).then(
    ({ stderr }) => ({ code: 0, stderr }),
    ({ code, stderr }: { code: number; stderr: string }) => ({ code, stderr }),
  );
}

function bareImports(source: string): string[] {
  const specifiers = source.matchAll(
    /(?:\bfrom|\bimport\(?|import\.meta\.resolve\()\s*'([@a-z][\w@./:-]*)'/g,
  );
  return [...specifiers].flatMap(([, specifier = '']) => {
    if (specifier.startsWith('node:') || builtinModules.includes(specifier)) return [];
    return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  });
}

async function fingerprint(root: string, files: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const path of files) {
    const { mode, mtimeMs } = await stat(join(root, path));
    hash.update(`${path} ${mode} ${mtimeMs}\n`).update(await readFile(join(root, path)));
  }
  return hash.digest('hex');
}
