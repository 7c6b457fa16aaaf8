import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { EXIT_FAILED, reportFailure } from './failure.js';
import { Buildah } from './image/buildah.js';
import { checkImage } from './image/check.js';
import { parseDockerfile } from './image/dockerfile.js';
import { dockerfileFaults } from './image/dockerfile-rules.js';
import { Findings } from './image/findings.js';
import { nodeRelease, npm, releaseOf } from './image/node-release.js';
import { npmSecrets } from './image/npm-settings.js';
import { run } from './image/run.js';
import { fillBuildImage, fillRuntimeImage, RUNTIME_CONFIG } from './image/stand-in.js';
import { integerOption } from './usage-error.js';

const HELP = `Usage: npm run image:check -- [--pull] [--twice] [--rounds N] [--verbose]

Builds the Dockerfile with buildah, which needs no container engine, and looks at the result: its
user, its labels, every file in it, what it adds to its base image. Starts it as a container engine
would, read-only and without privileges, against PostgreSQL and Redis of its own; migrates, uses
(npm run smoke) and stops it, and compares its start with that of node dist/main.js. Exit code 1 if
anything is not as promised. Takes minutes, root, and Linux.

The base images are replaced by stand-ins made of this machine's libraries and of the Node release that
the Dockerfile names, so that no registry of images is needed. npm's registry is.

  --pull     build on the real base images, pulled from their registries
  --twice    build a second time, and compare the layers
  --rounds   starts of each kind that the times are the medians of (default: 5)
  --verbose  show what the build prints
`;

const GIT_MS = 10_000;
const NPM_MS = 30_000;
const MAX_ROUNDS = 100;
const IMAGE = 'localhost/messages:check';
const AGAIN = 'localhost/messages:again';
const STAND_INS = { build: 'localhost/stand-in-build:1', runtime: 'localhost/stand-in-runtime:1' };

export async function main(args: string[]): Promise<number> {
  try {
    const { values } = parseArgs({
      args,
      options: {
        pull: { type: 'boolean', default: false },
        twice: { type: 'boolean', default: false },
        rounds: { type: 'string', default: '5' },
        verbose: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help) {
      process.stdout.write(HELP);
      return 0;
    }
    const rounds = integerOption('rounds', values.rounds, 1, MAX_ROUNDS);
    const findings = new Findings((line) => process.stdout.write(`${line}\n`));
    await check({ ...values, rounds }, findings);
    return findings.allRight ? 0 : EXIT_FAILED;
  } catch (error) {
    return reportFailure(error);
  }
}

interface Options {
  readonly pull: boolean;
  readonly twice: boolean;
  readonly rounds: number;
  readonly verbose: boolean;
}

async function check({ pull, twice, rounds, verbose }: Options, findings: Findings): Promise<void> {
  const dockerfile = parseDockerfile(await readFile('Dockerfile', 'utf8'));
  const faults = dockerfileFaults(dockerfile);
  findings.check('Dockerfile', faults.length === 0, faults.join('; ') || 'keeps the rules');

  const directory = await mkdtemp(join(tmpdir(), 'messages-image-'));
  await chmod(directory, 0o755);
  try {
    await using buildah = await Buildah.open(join(directory, 'buildah'));
    const node = await nodeRelease(releaseOf(dockerfile));
    const bases = pull ? {} : await standIns(buildah, node);
    const revision = await git('rev-parse', 'HEAD').catch(() => 'unknown');
    const epochSeconds = Number(await git('log', '-1', '--format=%ct').catch(() => '0'));
    const build = {
      context: '.',
      arguments: { ...bases, BUILD_REVISION: revision, SOURCE_DATE_EPOCH: String(epochSeconds) },
      secrets: await npmSecrets(directory),
      epochSeconds,
      mayPull: pull,
      onLine: (line: string) => verbose && say(line),
    };
    say('building ...');
    await buildah.build({ ...build, tag: IMAGE });
    if (twice) {
      say('building again ...');
      await buildah.build({ ...build, tag: AGAIN });
      const [first, second] = [await buildah.inspect(IMAGE), await buildah.inspect(AGAIN)];
      const same = first.layers.join() === second.layers.join();
      findings.check('built again', same, same ? 'the same layers' : 'other layers');
    }
    const base = dockerfile.arguments.get('RUNTIME_IMAGE') ?? '';
    const built = { image: IMAGE, base: pull ? base : STAND_INS.runtime, revision };
    await checkImage(buildah, { ...built, directory, node, epochSeconds, rounds }, findings);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function standIns(buildah: Buildah, node: string): Promise<Record<string, string>> {
  say('making stand-ins for the base images ...');
  const cli = process.env['npm_execpath'];
  const modules = (await npm(['root', '--global'], NPM_MS)).trim();
  const sources = { node, npm: cli ? dirname(dirname(cli)) : join(modules, 'npm') };
  await buildah.create(STAND_INS.build, (root) => fillBuildImage(root, sources), [
    '--env=PATH=/usr/local/bin:/usr/bin:/bin',
  ]);
  await buildah.create(
    STAND_INS.runtime,
    (root) => fillRuntimeImage(root, sources),
    RUNTIME_CONFIG,
  );
  return { BUILD_IMAGE: STAND_INS.build, RUNTIME_IMAGE: STAND_INS.runtime };
}

/** The version in a tag such as node:24.1.0-slim. */
async function git(...args: string[]): Promise<string> {
  return (await run('git', args, { deadlineMs: GIT_MS })).trim();
}

function say(message: string): void {
  process.stderr.write(`[image:check] ${message}\n`);
}
