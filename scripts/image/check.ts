import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { smoke } from '../smoke/smoke.js';
import type { Buildah, ImageConfig } from './buildah.js';
import { fileFaults } from './file-rules.js';
import type { Findings } from './findings.js';
import { addedFiles, type ImageFile, readImageFiles } from './image-files.js';
import { writeProductionTree } from './production-tree.js';
import { Sandbox } from './sandbox.js';
import { ServersForImage } from './servers.js';
import { RunningService, type Start } from './service.js';
import { medianStarts } from './start-times.js';

const MAX_ADDED_BYTES = 60e6;
const MAX_START_RATIO = 1.5;
const MIGRATE_MS = 120_000;
const REQUEST_MS = 10_000;
const SHOWN_PATHS = 10;

export interface CheckOptions {
  readonly directory: string;
  readonly image: string;
  readonly base: string;
  /** The node program that the checkout is started with, to compare. */
  readonly node: string;
  readonly epochSeconds: number;
  readonly revision: string;
  readonly rounds: number;
}

/** Looks at an image that was built, and runs it. */
export async function checkImage(
  buildah: Buildah,
  options: CheckOptions,
  findings: Findings,
): Promise<void> {
  const { config } = await buildah.inspect(options.image);
  checkConfig(config, options, findings);
  const { root } = await buildah.mount(options.image);
  const base = await buildah.mount(options.base);
  const files = await readImageFiles(root);
  checkFiles(files, await readImageFiles(base.root), findings);
  await checkAgainstCheckout(files, options, findings);

  const sandbox = await Sandbox.prepare({
    root,
    mountPoint: join(options.directory, 'root'),
    user: config.User,
  });
  const writable = await sandbox.writablePaths();
  findings.check('writable paths', writable.join() === '/tmp', writable.join(', ') || 'none');

  await using servers = await ServersForImage.start(options.directory);
  const env = { ...imageEnvironment(config), ...servers.env(), SHUTDOWN_DELAY: '0ms' };
  const run = (...args: string[]): Start => {
    return (own) => sandbox.start([...config.Entrypoint, ...args], own);
  };
  await migrate(run('migrate'), env, findings);
  await use(run(...config.Cmd), env, servers, { sandbox, config, options }, findings);

  const plain: Start = (own) =>
    spawn(options.node, ['dist/main.js'], { env: own, stdio: ['ignore', 'pipe', 'pipe'] });
  const [inImage, inCheckout] = await medianStarts(
    [run(...config.Cmd), plain],
    env,
    options.rounds,
  );
  const ratio = inImage / inCheckout;
  findings.check(
    'start to first answer',
    ratio < MAX_START_RATIO,
    `${inImage.toFixed(0)} ms, ${ratio.toFixed(2)} of ${inCheckout.toFixed(0)} ms of node dist/main.js ` +
      `(at most ${MAX_START_RATIO}; medians of ${options.rounds})`,
  );
}

function checkConfig(config: ImageConfig, options: CheckOptions, findings: Findings): void {
  findings.check('user', config.User === '65532:65532', config.User);
  findings.check('stop signal', config.StopSignal === 'SIGTERM', config.StopSignal);
  const health = config.Healthcheck?.Test ?? [];
  findings.check('health check', health[0] === 'CMD', health.join(' ') || 'none');
  const revision = config.Labels['org.opencontainers.image.revision'];
  findings.check('labels', revision === options.revision, `revision ${revision}`);
}

function checkFiles(
  files: readonly ImageFile[],
  base: readonly ImageFile[],
  findings: Findings,
): void {
  const faults = fileFaults(files);
  for (const { rule, paths } of faults) findings.check(rule, false, shorten(paths));
  if (faults.length === 0) findings.check('file list', true, `${files.length} files and folders`);
  const added = addedFiles(files, base);
  const bytes = added.reduce((sum, file) => sum + file.bytes, 0);
  const count = added.filter(({ isFolder }) => !isFolder).length;
  findings.check(
    'size',
    bytes < MAX_ADDED_BYTES,
    `${(bytes / 1e6).toFixed(1)} MB in ${count} files beyond the base image ` +
      `(at most ${MAX_ADDED_BYTES / 1e6} MB)`,
  );
}

/** The same sources make the same files, whatever machine and Node version made them. */
async function checkAgainstCheckout(
  files: readonly ImageFile[],
  { directory, epochSeconds }: CheckOptions,
  findings: Findings,
): Promise<void> {
  const tree = join(directory, 'tree');
  await writeProductionTree(process.cwd(), tree, epochSeconds);
  const expected = new Set(
    (await readImageFiles(tree)).map((file) => describe({ ...file, path: `/app${file.path}` })),
  );
  const found = new Set(files.filter(({ path }) => path.startsWith('/app/')).map(describe));
  const differing = [
    ...[...expected].filter((line) => !found.has(line)),
    ...[...found].filter((line) => !expected.has(line)),
  ];
  const paths = differing.map((line) => line.split(' ')[0] ?? '');
  findings.check(
    'made again elsewhere',
    paths.length === 0,
    paths.length === 0 ? 'the same to the byte' : `differ: ${shorten([...new Set(paths)])}`,
  );
}

async function migrate(start: Start, env: NodeJS.ProcessEnv, findings: Findings): Promise<void> {
  const { code, output } = await toItsEnd(start, env, MIGRATE_MS);
  const right = code === 0 && output.includes('applied');
  findings.check('migrates', right, right ? lastLine(output) : `exit code ${code}: ${output}`);
}

async function use(
  start: Start,
  env: NodeJS.ProcessEnv,
  servers: ServersForImage,
  { sandbox, config, options }: { sandbox: Sandbox; config: ImageConfig; options: CheckOptions },
  findings: Findings,
): Promise<void> {
  await using service = await RunningService.start(start, env);
  const { uids, gids, groups, capabilities, noNewPrivileges } = await service.status();
  const common =
    uids.every((uid) => uid === '65532') && gids.every((gid) => gid === '65532') && groups === '';
  findings.check('runs as', common, `uid ${uids[0]}, gid ${gids[0]}, groups ${groups || 'none'}`);
  findings.check(
    'privileges',
    BigInt(`0x${capabilities}`) === 0n && noNewPrivileges,
    `capabilities ${capabilities}, ${noNewPrivileges ? 'can' : 'does'} gain no more`,
  );
  const { url, managementUrl } = service;
  const asked = { url, managementUrl, token: await servers.token(), deadlineMs: REQUEST_MS };
  await smoke(asked, ({ step, outcome, detail }) => {
    const right =
      outcome === 'ok' && (step !== 'metrics' || detail.includes(`revision="${options.revision}"`));
    findings.check(`smoke: ${step}`, right, detail);
  });
  const [, ...program] = config.Healthcheck?.Test ?? [];
  const asService = { ...env, MANAGEMENT_PORT: managementUrl.port };
  const healthcheck: Start = (own) => sandbox.start(program, own);
  const healthy = await toItsEnd(healthcheck, asService, REQUEST_MS);
  findings.check('healthy', healthy.code === 0, `exit code ${healthy.code}${healthy.output}`);
  const code = await service.stop(config.StopSignal as NodeJS.Signals);
  findings.check('stops', code === 0, `exit code ${code} at ${config.StopSignal}`);
  const dead = await toItsEnd(healthcheck, asService, REQUEST_MS);
  findings.check('unhealthy once stopped', dead.code === 1, `exit code ${dead.code}`);
}

async function toItsEnd(start: Start, env: NodeJS.ProcessEnv, deadlineMs: number) {
  const child = start(env);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  }
  const timer = setTimeout(() => child.kill('SIGKILL'), deadlineMs);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  return { code, output };
}

function imageEnvironment({ Env }: ImageConfig): NodeJS.ProcessEnv {
  return Object.fromEntries(Env.map((line) => line.split(/=(.*)/s, 2) as [string, string]));
}

function describe({ path, mode, mtimeSeconds, digest }: ImageFile): string {
  return [path, mode, mtimeSeconds, digest].join(' ');
}

function shorten(paths: readonly string[]): string {
  const more = paths.length - SHOWN_PATHS;
  return `${paths.slice(0, SHOWN_PATHS).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}
