import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureDebianPackage } from '../debian-package.js';
import { run } from './run.js';

const BUILD_MS = 1_800_000;
const COMMAND_MS = 300_000;

/** What an image says of how it is run, as the Docker format has it. */
export interface ImageConfig {
  readonly User: string;
  readonly Env: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly Cmd: readonly string[];
  readonly WorkingDir: string;
  readonly StopSignal: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly Healthcheck?: { readonly Test: readonly string[] };
}

export interface Image {
  readonly config: ImageConfig;
  /** Digests of what its layers hold, the base image's first. */
  readonly layers: readonly string[];
}

export interface BuildOptions {
  readonly context: string;
  readonly tag: string;
  readonly arguments: Readonly<Record<string, string>>;
  /** Files that the build may read, and of which nothing stays in the image. */
  readonly secrets: Readonly<Record<string, string>>;
  /** The time of every file of a layer. */
  readonly epochSeconds: number;
  readonly mayPull: boolean;
  readonly onLine: (line: string) => void;
}

/** buildah with a storage of its own, which is gone with `dispose`. */
export class Buildah implements AsyncDisposable {
  private readonly containers: string[] = [];

  /** @throws Error that says what to install, or that this takes root */
  static async open(directory: string): Promise<Buildah> {
    if (process.getuid?.() !== 0) {
      throw new Error(
        'To build without a container engine, and to start what was built in a root file system of ' +
          'its own, this has to run as root: sudo -E npm run image:check',
      );
    }
    ensureDebianPackage({
      programs: ['buildah'],
      packageName: 'buildah',
      otherwise: 'This needs buildah 1.28 or newer on the PATH: sudo apt-get install buildah',
    });
    await mkdir(join(directory, 'tmp'), { recursive: true });
    return new Buildah(directory);
  }

  private constructor(private readonly directory: string) {}

  async build(options: BuildOptions): Promise<void> {
    const { context, tag, epochSeconds, mayPull, onLine } = options;
    const args = [
      'bud',
      '--isolation=chroot',
      '--format=docker',
      '--no-cache',
      `--timestamp=${epochSeconds}`,
      mayPull ? '--pull' : '--pull-never',
      `--tag=${tag}`,
      ...Object.entries(options.arguments).map(([name, value]) => `--build-arg=${name}=${value}`),
      ...Object.entries(options.secrets).map(([id, path]) => `--secret=id=${id},src=${path}`),
      context,
    ];
    await this.call(args, BUILD_MS, onLine);
  }

  async inspect(image: string): Promise<Image> {
    const { Docker } = JSON.parse(await this.call(['inspect', '--type', 'image', image])) as {
      Docker: { config: ImageConfig; rootfs: { diff_ids: string[] } };
    };
    return { config: Docker.config, layers: Docker.rootfs.diff_ids };
  }

  /** Makes an image of a single layer. */
  async create(
    tag: string,
    fill: (root: string) => Promise<void>,
    config: readonly string[],
  ): Promise<void> {
    const { container, root } = await this.mount('scratch');
    await fill(root);
    await this.call(['config', ...config, container]);
    await this.call(['commit', '--format', 'docker', container, tag]);
  }

  /** Where the files of a new container of this image are; they may be changed. */
  async mount(image: string): Promise<{ readonly container: string; readonly root: string }> {
    const pull = image === 'scratch' ? [] : ['--pull-never'];
    const container = (await this.call(['from', ...pull, image])).trim();
    this.containers.push(container);
    return { container, root: (await this.call(['mount', container])).trim() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const container of this.containers) await this.call(['umount', container]);
    await rm(this.directory, { recursive: true, force: true });
  }

  private call(
    args: readonly string[],
    deadlineMs = COMMAND_MS,
    onLine?: (line: string) => void,
  ): Promise<string> {
    const at = (name: string) => join(this.directory, name);
    const storage = ['--storage-driver', 'vfs', '--root', at('storage'), '--runroot', at('run')];
    return run('buildah', [...storage, ...args], {
      deadlineMs,
      env: { ...process.env, TMPDIR: at('tmp') },
      ...(onLine && { onLine }),
    });
  }
}
