import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureDebianPackage } from './debian-package.js';
import { pickPort } from './embedded-postgres/ports.js';
import { waitUntil } from './embedded-postgres/wait-until.js';

const START_MS = 10_000;
const STOP_MS = 5_000;
const ASK_MS = 1_000;

/** A redis-server on loopback that keeps nothing, as a cache does. */
export class CacheServer implements AsyncDisposable {
  private child: ChildProcess | undefined;

  static async start(): Promise<CacheServer> {
    ensureDebianPackage({
      programs: ['redis-server'],
      packageName: 'redis-server',
      otherwise:
        'redis-server 6.2 or newer has to be on the PATH. Install it, for example with ' +
        '"sudo apt-get install redis-server" or "brew install redis".',
    });
    const directory = await mkdtemp(join(tmpdir(), 'messages-cache-server-'));
    const redis = new CacheServer(directory, await pickPort());
    try {
      await redis.launch();
      return redis;
    } catch (error) {
      await redis[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(
    private readonly directory: string,
    private readonly port: number,
  ) {}

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** As a crash would end it; it loses all that it has. */
  async kill(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit', { signal: AbortSignal.timeout(STOP_MS) });
  }

  /** Starts it, empty, behind the same address. */
  async launch(): Promise<void> {
    const args = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.directory];
    const child = spawn('redis-server', [...args, '--save', '', '--appendonly', 'no'], {
      stdio: 'ignore',
    });
    this.child = child;
    child.once('error', () => undefined);
    await waitUntil('redis-server to answer', START_MS, () => {
      if (child.pid === undefined || child.exitCode !== null) {
        throw new Error(`redis-server does not run on port ${this.port}`);
      }
      return this.answers();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.directory, { recursive: true, force: true });
  }

  private async answers(): Promise<boolean> {
    const socket = connect({ host: '127.0.0.1', port: this.port });
    try {
      socket.write('PING\r\n');
      const signal = AbortSignal.timeout(ASK_MS);
      const [answer] = (await once(socket, 'data', { signal })) as [Buffer];
      return answer.toString().startsWith('+PONG');
    } catch {
      return false;
    } finally {
      socket.destroy();
    }
  }
}
