import { spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import path from 'node:path';
import type { Client } from 'pg';
import { connectAdmin, endClient } from './admin-client.js';
import type { Binaries } from './binaries.js';
import { readIfPresent, writePrivate } from './file-tree.js';
import { clearLeftovers } from './leftovers.js';
import { pickPort } from './ports.js';
import { childrenOf, signal } from './processes.js';
import { serverEnvironment } from './run-as.js';
import { ServerLog } from './server-log.js';
import { writeSettings, type Settings } from './settings.js';
import type { Storage } from './storage.js';
import { settlesWithin, waitUntil } from './wait-until.js';

const START_MS = 60_000;
const FAST_MS = 20_000;
const IMMEDIATE_MS = 10_000;
const KILL_MS = 5_000;

export interface ServerOptions {
  readonly name: string;
  /** Holds the data directory (`data`), `postgres.log` beside it, and the port of the last start. */
  readonly dir: string;
  readonly storage: Storage;
  readonly binaries: Binaries;
  readonly password: string;
  readonly settings: Settings;
  readonly onProgress: (message: string) => void;
}

export interface ServerExit {
  readonly server: string;
  readonly reason: string;
  readonly lastLog: string;
}

/** One data directory and the one postmaster that may run on it. */
export class PostgresServer extends EventEmitter<{ unexpectedExit: [ServerExit] }> {
  readonly name: string;
  readonly dataDir: string;
  readonly log: ServerLog;
  readonly #options: ServerOptions;
  #child: ChildProcess | undefined;
  #exited: Promise<string> | undefined;
  #port: number | undefined;
  #exitExpected = false;

  constructor(options: ServerOptions) {
    super();
    this.#options = options;
    this.name = options.name;
    this.dataDir = path.join(options.dir, 'data');
    this.log = new ServerLog(path.join(options.dir, 'postgres.log'));
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  /** The pid of the postmaster, while it runs. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** The port of the last start; the next one takes the same if it is free. */
  get port(): number {
    if (this.#port === undefined) throw new Error(`${this.name} has not been started`);
    return this.#port;
  }

  url(database = 'postgres'): string {
    const password = encodeURIComponent(this.#options.password);
    return `postgresql://postgres:${password}@127.0.0.1:${this.port}/${encodeURIComponent(database)}`;
  }

  /** A connection as superuser; the caller ends it. */
  adminClient(database = 'postgres'): Promise<Client> {
    return connectAdmin(this.url(database));
  }

  /** Runs the server and returns once it answers queries. */
  async start(): Promise<void> {
    if (this.running) throw new Error(`${this.name} already runs`);
    const { dir, storage, settings, onProgress } = this.#options;
    const cleared = await clearLeftovers(this.dataDir);
    if (cleared) onProgress(`${this.name}: ${cleared}`);
    const named = { ...settings, cluster_name: this.name };
    await writeSettings(this.dataDir, named, storage.account);

    const portFile = path.join(dir, 'port');
    let preferred = Number(await readIfPresent(portFile)) || undefined;
    const end = performance.now() + START_MS;
    for (;;) {
      const port = await pickPort(preferred);
      await this.#launch(port);
      const failure = await this.#untilReady(end - performance.now());
      if (failure === undefined) {
        await writePrivate(portFile, String(port), storage.account);
        return;
      }
      const log = await this.log.ofThisRun();
      // The first: somebody took the port since we looked. The second: processes of the server
      // before this one are still on their way out.
      const again = /Address already in use|pre-existing shared memory block/.test(log);
      if (!again || performance.now() >= end) {
        const lines = await this.log.lastLines();
        throw new Error(`${this.name} did not start: ${failure}\n${lines}`);
      }
      preferred = undefined;
    }
  }

  /** Ends the server; one that does not obey in time is ended less politely. */
  async stop(mode: 'fast' | 'immediate' = 'fast'): Promise<void> {
    if (!this.#child) return;
    await this.kill('SIGCONT', { withBackends: true });
    if (mode === 'fast' && (await this.#end('SIGINT', FAST_MS))) return;
    if (await this.#end('SIGQUIT', IMMEDIATE_MS)) return;
    if (await this.#end('SIGKILL', KILL_MS)) return;
    throw new Error(`${this.name} (pid ${this.pid}) cannot be stopped`);
  }

  /**
   * Sends a signal to the postmaster, for tests of faults; after SIGKILL it waits for the end.
   * With `withBackends` its backends get it too: a postmaster that is frozen alone accepts no new
   * connections, while those already open go on being served.
   */
  async kill(name: NodeJS.Signals, options: { withBackends?: boolean } = {}): Promise<void> {
    const pid = this.pid;
    if (pid === undefined) throw new Error(`${this.name} does not run`);
    if (name === 'SIGKILL') this.#exitExpected = true;
    // The postmaster first, so that it makes no new backends; but when waking up it comes last,
    // to find its backends awake.
    if (name !== 'SIGCONT') signal(pid, name);
    if (options.withBackends) for (const backend of await childrenOf(pid)) signal(backend, name);
    if (name === 'SIGCONT') signal(pid, name);
    if (name === 'SIGKILL' && !(await this.#end(name, KILL_MS))) {
      throw new Error(`${this.name} (pid ${pid}) cannot be killed`);
    }
  }

  async #launch(port: number): Promise<void> {
    const { storage, binaries } = this.#options;
    const log = await this.log.openForRun();
    const args = ['-D', this.dataDir, '-p', String(port)];
    args.push('-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=');
    const child = spawn(binaries.postgres, args, {
      ...storage.account.switchTo,
      cwd: this.dataDir,
      env: serverEnvironment(),
      stdio: ['ignore', log.fd, log.fd],
      // Its own session: Ctrl-C in the terminal must reach the launcher only, which decides the
      // order in which the servers stop.
      detached: true,
    });
    this.#child = child;
    this.#port = port;
    this.#exitExpected = true;
    this.#exited = new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, by) => resolve(by ? `ended by ${by}` : `exit code ${code}`));
    });
    void this.#exited.then((reason) => this.#onExit(reason));
    await log.close();
  }

  /** Undefined once the server answers; else why it will not, and then it no longer runs. */
  async #untilReady(deadlineMs: number): Promise<string | undefined> {
    let lastError = 'no attempt';
    try {
      const ready = await waitUntil(`${this.name} to answer`, deadlineMs, async () => {
        if (!this.#child) return 'exited';
        lastError = await this.#probe();
        return lastError === '' && 'ready';
      });
      if (ready === 'ready') {
        this.#exitExpected = false;
        return undefined;
      }
      return (await this.#exited) ?? 'exited';
    } catch (error) {
      await this.stop('immediate');
      return `${String(error)}; the last attempt to connect: ${lastError}`;
    }
  }

  /** Another server may have got our port, so whoever answers must name our data directory. */
  async #probe(): Promise<string> {
    try {
      const client = await connectAdmin(this.url(), { connectMs: 2_000, queryMs: 2_000 });
      try {
        const { rows } = await client.query<{ data_directory: string }>('SHOW data_directory');
        const found = rows[0]?.data_directory;
        return found === this.dataDir ? '' : `the server of ${found} answers on this port`;
      } finally {
        await endClient(client);
      }
    } catch (error) {
      return String(error);
    }
  }

  async #end(name: NodeJS.Signals, deadlineMs: number): Promise<boolean> {
    const [pid, exited] = [this.pid, this.#exited];
    this.#exitExpected = true;
    if (pid !== undefined) signal(pid, name);
    return exited ? settlesWithin(exited, deadlineMs) : true;
  }

  async #onExit(reason: string): Promise<void> {
    this.#child = undefined;
    if (this.#exitExpected) return;
    this.emit('unexpectedExit', {
      server: this.name,
      reason,
      lastLog: await this.log.lastLines().catch(() => ''),
    });
  }
}
