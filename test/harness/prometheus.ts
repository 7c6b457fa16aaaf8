import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { pickPort } from '../../scripts/embedded-postgres/ports.js';
import { waitUntil } from '../../scripts/embedded-postgres/wait-until.js';

const START_MS = 30_000;
const STOP_MS = 10_000;
const ASK_MS = 10_000;
const ATTEMPTS = 5;

/** One series of the answer to an instant query. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface PrometheusOptions {
  /** Of what is scraped, as host and port. */
  readonly targets: readonly string[];
  readonly job: string;
  /** The contents of rule files. */
  readonly rules: readonly unknown[];
  /** Between two scrapes, and between two evaluations of the rules. */
  readonly intervalSeconds: number;
}

/** A real Prometheus on a free port of loopback, with a folder of its own; gone with `dispose`. */
export class PrometheusServer implements AsyncDisposable {
  private output = '';

  static async start(options: PrometheusOptions): Promise<PrometheusServer> {
    const directory = await mkdtemp(join(tmpdir(), 'messages-prometheus-'));
    try {
      const config = await configure(directory, options);
      for (let attempt = 1; ; attempt++) {
        const server = new PrometheusServer(directory, config, await pickPort());
        try {
          await server.untilReady();
          return server;
        } catch (error) {
          await server.kill();
          // Somebody took the port since it was picked.
          if (attempt < ATTEMPTS && server.output.includes('address already in use')) continue;
          throw new Error(`Prometheus did not start:\n${server.output}`, { cause: error });
        }
      }
    } catch (error) {
      await rm(directory, { recursive: true, force: true });
      throw error;
    }
  }

  private readonly child: ChildProcess;

  private constructor(
    private readonly directory: string,
    config: string,
    private readonly port: number,
  ) {
    const args = [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(directory, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ];
    this.child = spawn('prometheus', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    }
    this.child.once('error', (error) => (this.output += String(error)));
  }

  /** The answer to an instant query that answers a vector, as of now. */
  async query(expression: string): Promise<Sample[]> {
    const { result } = await this.ask<{ result: { metric: Sample['metric']; value: unknown[] }[] }>(
      `query?${new URLSearchParams({ query: expression }).toString()}`,
    );
    return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.directory, { recursive: true, force: true });
  }

  private async kill(): Promise<void> {
    const { child } = this;
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit', { signal: AbortSignal.timeout(STOP_MS) });
  }

  private async ask<Data>(path: string): Promise<Data> {
    const signal = AbortSignal.timeout(ASK_MS);
    const response = await fetch(`http://127.0.0.1:${this.port}/api/v1/${path}`, { signal });
    const body = (await response.json()) as { status: string; error?: string; data: Data };
    if (body.status !== 'success') throw new Error(`${body.error} (${path})`);
    return body.data;
  }

  private async untilReady(): Promise<void> {
    await waitUntil(`Prometheus on port ${this.port}`, START_MS, async () => {
      const { pid, exitCode, signalCode } = this.child;
      if (pid === undefined || exitCode !== null || signalCode !== null) {
        throw new Error('it has ended');
      }
      const signal = AbortSignal.timeout(ASK_MS);
      const ready = `http://127.0.0.1:${this.port}/-/ready`;
      const response = await fetch(ready, { signal }).catch(() => undefined);
      await response?.body?.cancel();
      return response?.ok;
    });
  }
}

async function configure(directory: string, options: PrometheusOptions): Promise<string> {
  const interval = `${options.intervalSeconds}s`;
  const files = options.rules.map((_, index) => join(directory, `rules-${index}.yaml`));
  for (const [index, file] of files.entries()) {
    await writeFile(file, stringify(options.rules[index]));
  }
  const path = join(directory, 'prometheus.yaml');
  await writeFile(
    path,
    stringify({
      global: {
        scrape_interval: interval,
        scrape_timeout: interval,
        evaluation_interval: interval,
      },
      rule_files: files,
      scrape_configs: [
        {
          job_name: options.job,
          metrics_path: '/metrics',
          static_configs: [{ targets: options.targets }],
        },
      ],
    }),
  );
  return path;
}
