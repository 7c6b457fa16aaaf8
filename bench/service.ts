import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pickPort } from '../scripts/embedded-postgres/ports.js';

const DEADLINE_MS = 30_000;

/** What runs: the service itself, or a simpler one to measure it against. */
export type Program = 'service' | 'find-many' | 'bare-http' | 'unobserved';

const PROGRAMS: Readonly<Record<Program, string>> = {
  service: 'dist/main.js',
  'find-many': 'build/bench/variants/find-many.js',
  unobserved: 'build/bench/variants/unobserved.js',
  'bare-http': 'build/bench/variants/bare-http.js',
};

/** A service as a process of its own, stopped with `dispose`. */
export class BenchService implements AsyncDisposable {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
    readonly managementUrl: string,
  ) {}

  /** @param node the Node program to run it with */
  static async start(
    node: string,
    program: Program,
    env: NodeJS.ProcessEnv,
  ): Promise<BenchService> {
    const [port, managementPort] = [await pickPort(), await pickPort()];
    const child = spawn(node, [join(process.cwd(), PROGRAMS[program])], {
      // What is measured is how fast it answers, not when it refuses to.
      env: {
        LOG_LEVEL: 'warn',
        SHED_EVENT_LOOP_DELAY: '0',
        SHUTDOWN_DELAY: '0',
        ...env,
        HOST: '127.0.0.1',
        PORT: String(port),
        MANAGEMENT_PORT: String(managementPort),
      },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const service = new BenchService(child, urlOf(port), urlOf(managementPort));
    try {
      await service.untilItAnswers();
    } catch (error) {
      await service[Symbol.asyncDispose]();
      throw error;
    }
    return service;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await exited;
  }

  private async untilItAnswers(): Promise<void> {
    const deadline = performance.now() + DEADLINE_MS;
    for (;;) {
      if (this.child.exitCode !== null) throw new Error('the service did not start');
      const answer = await fetch(`${this.url}/messages?tag=tag0`).catch(() => undefined);
      if (answer?.ok) return;
      if (performance.now() > deadline) throw new Error('the service does not answer');
      await sleep(50);
    }
  }
}

const urlOf = (port: number) => `http://127.0.0.1:${port}`;
