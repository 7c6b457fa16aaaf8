import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { pickPort } from './embedded-postgres/ports.js';
import { settlesWithin, waitUntil } from './embedded-postgres/wait-until.js';

const START_MS = 30_000;
const STOP_MS = 20_000;
const KILL_MS = 5_000;
const ASK_MS = 2_000;
const ATTEMPTS = 5;

export interface ServicePorts {
  readonly http: number;
  readonly management: number;
}

export interface ServiceProcessOptions {
  /** Where it has to listen; free ones are picked otherwise. */
  readonly ports?: ServicePorts;
  /** A module that Node loads before the service, relative to the project's root. */
  readonly preload?: string;
  /** Whether its stdout is not read until `readStdout`. */
  readonly unread?: boolean;
  /** The folder that holds `dist/main.js`; the project's root unless given. */
  readonly root?: string;
}

/** The compiled service as an operating-system process; killed with `dispose` if it still runs. */
export class ServiceProcess implements AsyncDisposable {
  private readonly child: ChildProcess;
  private text = '';
  private readonly exited: Promise<number | null>;

  /** Resolves once it answers HTTP, which it does when all the primaries were reached. */
  static async start(
    env: NodeJS.ProcessEnv,
    options: ServiceProcessOptions = {},
  ): Promise<ServiceProcess> {
    for (let attempt = 1; ; attempt++) {
      const { ports = { http: await pickPort(), management: await pickPort() } } = options;
      const service = new ServiceProcess(ports, env, options);
      try {
        await service.untilItAnswers();
        return service;
      } catch (error) {
        await service.kill('SIGKILL');
        // Somebody took the port since it was picked.
        if (!options.ports && attempt < ATTEMPTS && service.output.includes('EADDRINUSE')) continue;
        throw new Error(`the service did not start:\n${service.output}`, { cause: error });
      }
    }
  }

  /** Does not wait for it to answer. */
  static launch(
    env: NodeJS.ProcessEnv,
    options: ServiceProcessOptions & { readonly ports: ServicePorts },
  ): ServiceProcess {
    return new ServiceProcess(options.ports, env, options);
  }

  private constructor(
    readonly ports: ServicePorts,
    env: NodeJS.ProcessEnv,
    { preload, unread = false, root = process.cwd() }: ServiceProcessOptions,
  ) {
    const first =
      preload === undefined ? [] : ['--import', pathToFileURL(join(process.cwd(), preload)).href];
    this.child = spawn(process.execPath, [...first, join(root, 'dist/main.js'), 'serve'], {
      cwd: root,
      env: {
        PATH: process.env['PATH'],
        ...env,
        HOST: '127.0.0.1',
        PORT: String(ports.http),
        MANAGEMENT_HOST: '127.0.0.1',
        MANAGEMENT_PORT: String(ports.management),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stderr?.on('data', (chunk: Buffer) => (this.text += chunk.toString()));
    if (!unread) this.readStdout();
    this.exited = new Promise((resolve) => {
      this.child.once('exit', resolve);
      this.child.once('error', (error) => {
        this.text += String(error);
        resolve(null);
      });
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.ports.http}`;
  }

  get managementUrl(): string {
    return `http://127.0.0.1:${this.ports.management}`;
  }

  /** All that it has printed. */
  get output(): string {
    return this.text;
  }

  get running(): boolean {
    const { pid, exitCode, signalCode } = this.child;
    return pid !== undefined && exitCode === null && signalCode === null;
  }

  /** Sends a signal; after SIGKILL it waits for the end. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    if (this.running) this.child.kill(signal);
    if (signal === 'SIGKILL' && !(await settlesWithin(this.exited, KILL_MS))) {
      throw new Error(`the service (pid ${this.child.pid}) cannot be killed`);
    }
  }

  /** Begins to read its stdout, into `output`. */
  readStdout(): void {
    this.child.stdout?.on('data', (chunk: Buffer) => (this.text += chunk.toString()));
  }

  /** Has nobody read its stdout any more. */
  closeStdout(): void {
    this.child.stdout?.destroy();
  }

  /**
   * Asks it to stop.
   *
   * @returns its exit code
   * @throws Error with what it has printed if it does not stop in time
   */
  async stop(): Promise<number | null> {
    await this.kill('SIGTERM');
    return this.ended();
  }

  /**
   * Waits until it has ended by itself.
   *
   * @returns its exit code
   * @throws Error with what it has printed if it does not end in time
   */
  async ended(): Promise<number | null> {
    if (await settlesWithin(this.exited, STOP_MS)) return this.exited;
    await this.kill('SIGKILL');
    throw new Error(`the service did not stop:\n${this.output}`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill('SIGKILL');
  }

  private async untilItAnswers(): Promise<void> {
    await waitUntil(`the service on port ${this.ports.http}`, START_MS, async () => {
      if (!this.running) throw new Error('it has ended');
      const signal = AbortSignal.timeout(ASK_MS);
      const answer = await fetch(`${this.url}/openapi.json`, { signal }).catch(() => undefined);
      await answer?.body?.cancel();
      return answer?.ok;
    });
  }
}
