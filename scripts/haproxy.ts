import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureDebianPackage } from './debian-package.js';
import { pickPort } from './embedded-postgres/ports.js';
import { waitUntil } from './embedded-postgres/wait-until.js';

/** Where a process of the service listens, on loopback. */
export interface BalancedServer {
  readonly http: number;
  readonly management: number;
}

/** What HAProxy counts of all its servers. */
export interface BalancerCounts {
  readonly connectErrors: number;
  readonly responseErrors: number;
  readonly retries: number;
}

/** How often each process is asked whether it is ready. One answer settles it, a slow one does not. */
const CHECK_INTERVAL_MS = 100;
const START_MS = 10_000;
const ATTEMPTS = 5;
const STOP_MS = 5_000;
const ASK_MS = 2_000;

/**
 * A real HAProxy before processes of the service. It sends requests to those that are ready by their
 * management port, and sends none a second time, so that a request that a process fails does fail.
 */
export class HaProxy implements AsyncDisposable {
  private child: ChildProcess | undefined;
  private output = '';

  static async start(servers: readonly BalancedServer[]): Promise<HaProxy> {
    ensureDebianPackage({
      programs: ['haproxy'],
      packageName: 'haproxy',
      otherwise:
        'haproxy 2.4 or newer has to be on the PATH. Install it, for example with ' +
        '"sudo apt-get install haproxy" or "brew install haproxy".',
    });
    const directory = await mkdtemp(join(tmpdir(), 'messages-haproxy-'));
    for (let attempt = 1; ; attempt++) {
      const proxy = new HaProxy(directory, await pickPort(), await pickPort());
      try {
        await proxy.launch(servers);
        return proxy;
      } catch (error) {
        await proxy.stop();
        // Somebody took a port since it was picked.
        if (attempt < ATTEMPTS && /cannot bind|Address already in use/i.test(proxy.output))
          continue;
        await rm(directory, { recursive: true, force: true });
        throw new Error(`haproxy did not start:\n${proxy.output}`, { cause: error });
      }
    }
  }

  private constructor(
    private readonly directory: string,
    private readonly port: number,
    private readonly statsPort: number,
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Waits until it sends requests to all its servers. */
  async untilAllUp(deadlineMs: number): Promise<void> {
    await waitUntil('every server is up', deadlineMs, async () => {
      const rows = await this.stats();
      return rows.every(({ svname, status }) => svname === 'BACKEND' || status === 'UP');
    });
  }

  async counts(): Promise<BalancerCounts> {
    const total = (await this.stats()).find(({ svname }) => svname === 'BACKEND');
    return {
      connectErrors: Number(total?.['econ']),
      responseErrors: Number(total?.['eresp']),
      retries: Number(total?.['wretr']),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.directory, { recursive: true, force: true });
  }

  private async launch(servers: readonly BalancedServer[]): Promise<void> {
    const file = join(this.directory, 'haproxy.cfg');
    await writeFile(file, this.configuration(servers));
    const child = spawn('haproxy', ['-db', '-f', file], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    }
    child.once('error', (error) => (this.output += String(error)));
    await waitUntil('haproxy to answer', START_MS, async () => {
      if (child.pid === undefined || child.exitCode !== null) throw new Error('it has ended');
      return (await this.stats().catch(() => [])).length > 0;
    });
  }

  private configuration(servers: readonly BalancedServer[]): string {
    return `
global
  maxconn 2000

defaults
  mode http
  timeout connect 2s
  timeout client 30s
  timeout server 30s
  timeout http-request 10s
  timeout check 5s
  retries 0

frontend public
  bind 127.0.0.1:${this.port}
  option forwardfor
  default_backend service

backend service
  balance roundrobin
  option httpchk GET /health/ready
  http-check expect status 200
  default-server check inter ${CHECK_INTERVAL_MS}ms fall 1 rise 1
${servers.map(({ http, management }, index) => `  server process-${index} 127.0.0.1:${http} port ${management}`).join('\n')}

frontend stats
  bind 127.0.0.1:${this.statsPort}
  stats enable
  stats uri /
`;
  }

  /** One row for each server, and one for all of them. */
  private async stats(): Promise<Record<string, string>[]> {
    const signal = AbortSignal.timeout(ASK_MS);
    const answer = await fetch(`http://127.0.0.1:${this.statsPort}/;csv`, { signal });
    const [head = '', ...lines] = (await answer.text()).replace(/^# /, '').trim().split('\n');
    const names = head.split(',');
    return lines
      .map((line) => line.split(','))
      .map((values) => Object.fromEntries(names.map((name, index) => [name, values[index] ?? ''])))
      .filter(({ pxname, svname }) => pxname === 'service' && svname !== 'FRONTEND');
  }

  private async stop(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit', { signal: AbortSignal.timeout(STOP_MS) });
  }
}
