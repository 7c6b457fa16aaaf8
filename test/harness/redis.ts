import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pickPort } from '../../scripts/embedded-postgres/ports.js';
import { waitUntil } from '../../scripts/embedded-postgres/wait-until.js';
import type { CertificateFiles } from './certificates.js';
import { redisEnvironmentSchema } from '../../src/config/environment.js';
import { createRedisClient } from '../../src/redis/redis-client.js';
import { readRedis, type RedisConfig } from '../../src/config/redis.js';

/** @param env variables of Redis, as the service reads them */
export function redisConfig(env: NodeJS.ProcessEnv, timeoutMs: number): RedisConfig {
  const faults: string[] = [];
  const values = redisEnvironmentSchema.parse(env);
  const config = readRedis(values, faults);
  if (!config) throw new Error(`no Redis is configured: ${faults.join()}`);
  return { ...config, timeoutMs };
}

type Settings = Readonly<Record<string, string>>;

const START_MS = 20_000;
const STOP_MS = 10_000;
const COMMAND_MS = 5_000;
const START_ATTEMPTS = 5;

/** A real redis-server on a free port of loopback, with a folder of its own; gone with `stop`. */
export class RedisServer implements AsyncDisposable {
  private child: ChildProcess | undefined;
  private output = '';

  /**
   * @param settings directives of redis.conf; it saves nothing unless they say so
   * @param tls its certificate, if it is to serve nothing but TLS
   */
  static async start(settings: Settings = {}, tls?: CertificateFiles): Promise<RedisServer> {
    const directory = await mkdtemp(join(tmpdir(), 'messages-redis-'));
    for (let attempt = 1; ; attempt++) {
      const server = new RedisServer(directory, await pickPort(), settings, tls);
      try {
        await server.launch();
        return server;
      } catch (error) {
        await server.kill('SIGKILL');
        // Somebody took the port since it was picked.
        if (attempt < START_ATTEMPTS && server.output.includes('Address already in use')) continue;
        await rm(directory, { recursive: true, force: true });
        throw error;
      }
    }
  }

  /** One that obeys `DEBUG`, as those before version 7 do anyway. */
  static withDebug(): Promise<RedisServer> {
    const { stdout } = spawnSync('redis-server', ['--version'], { encoding: 'utf8' });
    const major = Number(/ v=(\d+)\./.exec(stdout)?.[1]);
    return RedisServer.start(major >= 7 ? { 'enable-debug-command': 'local' } : {});
  }

  private constructor(
    private readonly directory: string,
    readonly port: number,
    private readonly settings: Settings,
    private readonly tls?: CertificateFiles,
  ) {}

  get url(): string {
    const password = this.settings['requirepass'];
    const login = password === undefined ? '' : `:${encodeURIComponent(password)}@`;
    return `${this.tls ? 'rediss' : 'redis'}://${login}127.0.0.1:${this.port}`;
  }

  setting(name: string): string | undefined {
    return this.settings[name];
  }

  /** How the service reaches it. */
  get env(): NodeJS.ProcessEnv {
    if (!this.tls) return { REDIS_URL: this.url };
    const { caFile, certFile, keyFile } = this.tls;
    return {
      REDIS_URL: this.url,
      REDIS_CA_FILE: caFile,
      REDIS_CERT_FILE: certFile,
      REDIS_KEY_FILE: keyFile,
    };
  }

  config(timeoutMs: number): RedisConfig {
    return redisConfig(this.env, timeoutMs);
  }

  /** Sends a signal; waits for the end of the process if it is one that ends it. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    if (signal === 'SIGSTOP' || signal === 'SIGCONT') return;
    await once(child, 'exit', { signal: AbortSignal.timeout(STOP_MS) });
    this.child = undefined;
  }

  /** On the same port, with what it has saved; one that still runs is killed. */
  async restart(): Promise<void> {
    await this.kill('SIGKILL');
    await this.launch();
  }

  async flush(): Promise<void> {
    await this.command('FLUSHALL');
  }

  /** Sends one command on a connection of its own. */
  async command(...args: string[]): Promise<unknown> {
    const { nodes, cluster: _, ...login } = this.config(COMMAND_MS);
    const client = createRedisClient({
      address: nodes[0],
      login,
      connectTimeoutMs: COMMAND_MS,
      reconnectStrategy: false,
      nextSocketSignal: () => AbortSignal.timeout(COMMAND_MS),
    });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return await client.sendCommand(args);
    } finally {
      await client.disconnect();
    }
  }

  async stop(): Promise<void> {
    // A stopped process is killed all the same.
    await this.kill('SIGKILL');
    await rm(this.directory, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  private portSettings(): Settings {
    if (!this.tls) return { port: String(this.port) };
    return {
      port: '0',
      'tls-port': String(this.port),
      'tls-ca-cert-file': this.tls.caFile,
      'tls-cert-file': this.tls.certFile,
      'tls-key-file': this.tls.keyFile,
    };
  }

  private async launch(): Promise<void> {
    const settings = {
      bind: '127.0.0.1',
      dir: this.directory,
      save: '',
      appendonly: 'no',
      ...this.portSettings(),
      ...this.settings,
    };
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
    this.output = '';
    const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    }
    child.once('error', (error) => (this.output += String(error)));
    await waitUntil(`redis-server on port ${this.port}`, START_MS, async () => {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) {
        throw new Error(`redis-server does not run:\n${this.output}`);
      }
      // Whoever answers must be this process, not one that took its port.
      const info = await this.command('INFO').catch(() => '');
      return (
        String(info).includes(`process_id:${child.pid}\r\n`) && /^loading:0/m.test(String(info))
      );
    });
  }
}
