import type { ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { pickPort } from '../embedded-postgres/ports.js';
import { settlesWithin, waitUntil } from '../embedded-postgres/wait-until.js';

const ANSWER_MS = 60_000;
const STOP_MS = 30_000;
const ASK_MS = 2_000;
const POLL_MS = 5;

/** Starts a program of the service with this environment. */
export type Start = (env: NodeJS.ProcessEnv) => ChildProcess;

/** What the kernel knows of a process. */
export interface ProcessStatus {
  readonly uids: readonly string[];
  readonly gids: readonly string[];
  readonly groups: string;
  readonly capabilities: string;
  readonly noNewPrivileges: boolean;
}

/** A service that runs in whatever way `start` starts it; killed with `dispose`. */
export class RunningService implements AsyncDisposable {
  /** Resolves at its first answer. */
  static async start(start: Start, env: NodeJS.ProcessEnv): Promise<RunningService> {
    const ports = { http: await pickPort(), management: await pickPort() };
    const begin = performance.now();
    const child = start({
      ...env,
      HOST: '127.0.0.1',
      PORT: String(ports.http),
      MANAGEMENT_HOST: '127.0.0.1',
      MANAGEMENT_PORT: String(ports.management),
    });
    const service = new RunningService(child, ports);
    try {
      await service.untilItAnswers();
      service.startMs = performance.now() - begin;
      return service;
    } catch (cause) {
      await service[Symbol.asyncDispose]();
      throw new Error(`the service did not start:\n${service.output}`, { cause });
    }
  }

  /** From the start of its process to its first answer. */
  startMs = 0;
  private output = '';
  private readonly exited: Promise<number | null>;

  private constructor(
    private readonly child: ChildProcess,
    private readonly ports: { readonly http: number; readonly management: number },
  ) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    }
    this.exited = new Promise((resolve) => {
      child.once('exit', resolve);
      child.once('error', (error) => {
        this.output += String(error);
        resolve(null);
      });
    });
  }

  get url(): URL {
    return new URL(`http://127.0.0.1:${this.ports.http}`);
  }

  get managementUrl(): URL {
    return new URL(`http://127.0.0.1:${this.ports.management}`);
  }

  async status(): Promise<ProcessStatus> {
    const text = await readFile(`/proc/${this.child.pid}/status`, 'utf8');
    const field = (name: string) => new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(text)?.[1] ?? '';
    return {
      uids: field('Uid').split('\t'),
      gids: field('Gid').split('\t'),
      groups: field('Groups').trim(),
      capabilities: field('CapEff'),
      noNewPrivileges: field('NoNewPrivs') === '1',
    };
  }

  /**
   * Asks it to stop.
   *
   * @returns its exit code; null if it had to be killed
   */
  async stop(signal: NodeJS.Signals): Promise<number | null> {
    this.child.kill(signal);
    if (await settlesWithin(this.exited, STOP_MS)) return this.exited;
    return null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.pid === undefined) return;
    this.child.kill('SIGKILL');
    await this.exited;
  }

  private async untilItAnswers(): Promise<void> {
    const asked = new URL('/messages?tag=first-answer', this.url);
    await waitUntil(
      'the first answer',
      ANSWER_MS,
      async () => {
        if (this.child.exitCode !== null || this.child.signalCode !== null) {
          throw new Error('it has ended');
        }
        const signal = AbortSignal.timeout(ASK_MS);
        const answer = await fetch(asked, { signal }).catch(() => undefined);
        await answer?.body?.cancel();
        return answer?.ok;
      },
      POLL_MS,
    );
  }
}
