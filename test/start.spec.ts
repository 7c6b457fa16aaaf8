import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { removeStorage } from '../scripts/embedded-postgres/storage.js';
import { waitUntil } from '../scripts/embedded-postgres/wait-until.js';
import { commandLine, runCommand } from './harness/command.js';
import { get, post } from './harness/http.js';

const DEADLINE_MS = 60_000;

/** `npm start` in a folder of its own, so that the data of the checkout stays as it is. */
class Start {
  private readonly child: ChildProcess;
  private output = '';
  readonly exited: Promise<number | null>;

  constructor(cwd: string, env: NodeJS.ProcessEnv) {
    this.child = spawn(process.execPath, commandLine('start', []), {
      cwd,
      env: {
        PATH: process.env['PATH'],
        LOG_LEVEL: 'warn',
        HOST: '127.0.0.1',
        // How busy the machine is that tests run on is not what they are about.
        SHED_EVENT_LOOP_DELAY: '0',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    }
    this.exited = new Promise((resolve) => this.child.once('exit', resolve));
  }

  /** The address it serves on. */
  async url(): Promise<string> {
    const deadline = Date.now() + DEADLINE_MS;
    for (;;) {
      const url = /serving on (http\S+)/.exec(this.output)?.[1];
      if (url) return url;
      if (this.child.exitCode !== null || Date.now() > deadline) {
        throw new Error(`it does not serve:\n${this.output}`);
      }
      await setTimeout(50);
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  get text(): string {
    return this.output;
  }
}

let directory: string;
const started: Start[] = [];

function start(env: NodeJS.ProcessEnv = { PORT: '0' }): Start {
  const each = new Start(directory, env);
  started.push(each);
  return each;
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'messages-start-'));
});

afterEach(async () => {
  for (const each of started.splice(0)) {
    each.kill('SIGTERM');
    await each.exited;
  }
  for (const pid of await serverPids()) process.kill(pid, 'SIGQUIT');
  await removeStorage(join(directory, '.data/postgres'));
  await rm(directory, { recursive: true, force: true });
});

async function serverPids(): Promise<number[]> {
  const pids: number[] = [];
  for (const shard of ['shard-0', 'shard-1']) {
    for (const server of ['primary', 'replica-0']) {
      const file = join(directory, '.data/postgres', shard, server, 'data/postmaster.pid');
      if (existsSync(file)) pids.push(Number((await readFile(file, 'utf8')).split('\n', 1)[0]));
    }
  }
  return pids;
}

describe('npm start', () => {
  it('serves, stops all on SIGTERM, and finds its data again', async () => {
    const first = start();
    const posted = await post(await first.url(), { message: 'kept', tag: 'kept' });
    expect(posted.status).toBe(201);
    first.kill('SIGTERM');
    expect(await first.exited).toBe(0);
    expect(await serverPids()).toEqual([]);
    expect(existsSync(join(directory, '.data/embedded.env'))).toBe(false);

    const second = start();
    expect((await get(await second.url(), '/messages?tag=kept')).body).toEqual([posted.body]);
  });

  it('prints a curl line that counts, with a token, and a command prints others', async () => {
    const only = start();
    const url = await only.url();
    const [, path = '', token = ''] =
      /curl -i 'http:\/\/[^/]+(\/aggregations\S+)' \\\n +-H 'Authorization: Bearer (\S+)'/.exec(
        only.text,
      ) ?? [];
    await post(url, { message: 'counted', tag: 'counted' });
    const aggregates = async (bearer: string) => {
      const answer = await get(url, path, { authorization: `Bearer ${bearer}` });
      return (answer.body as { aggregates?: unknown[] }).aggregates;
    };
    await waitUntil('the message is counted', DEADLINE_MS, async () => {
      const groups = await aggregates(token);
      return groups?.length === 1;
    });
    const minted = await runCommand('token', ['--sub', 'you', '--ttl', '5min'], { cwd: directory });
    expect(await aggregates(minted.stdout.trim())).toHaveLength(1);
    const other = await runCommand('token', ['--sub', 'you', '--scope', 'x'], { cwd: directory });
    expect(await aggregates(other.stdout.trim())).toBeUndefined();
    const { mode } = await stat(join(directory, '.data/development-auth.env'));
    expect(mode & 0o777).toBe(0o600);
  });

  it('stops all on a Ctrl-C that reaches it twice, from the terminal and through npm', async () => {
    const only = start();
    await only.url();
    // Two that differ: equal ones might come as one.
    only.kill('SIGINT');
    only.kill('SIGTERM');
    expect(await only.exited).toBe(0);
    expect(await serverPids()).toEqual([]);
  });

  it('recovers after kill -9, from servers that were left running', async () => {
    const first = start();
    const posted = await post(await first.url(), { message: 'kept', tag: 'kept' });
    first.kill('SIGKILL');
    await first.exited;
    const left = await serverPids();
    expect(left).toHaveLength(4);

    const second = start();
    expect((await get(await second.url(), '/messages?tag=kept')).body).toEqual([posted.body]);
    const now = await serverPids();
    expect(now).toHaveLength(4);
    expect(now.filter((pid) => left.includes(pid))).toEqual([]);
  });

  it('says which variable to set when its port is taken, and starts nothing', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = holder.address() as AddressInfo;
      const refused = start({ PORT: `${port}` });
      expect(await refused.exited).toBe(1);
      expect(refused.text).toContain(`port ${port} is taken: set PORT`);
      expect(existsSync(join(directory, '.data'))).toBe(false);
    } finally {
      await new Promise((resolve) => holder.close(resolve));
    }
  });

  it('starts nothing embedded when DATABASE_URL is set', async () => {
    const refused = start({ PORT: '0', DATABASE_URL: 'postgres://127.0.0.1:1/none' });
    expect(await refused.exited).toBe(1);
    expect(refused.text).toContain('Shard main: its primary cannot be reached');
    expect(existsSync(join(directory, '.data'))).toBe(false);
  });

  it('lists every fault of the configuration by its variable', async () => {
    const refused = start({ PORT: 'x', LOG_LEVEL: 'loud' });
    expect(await refused.exited).toBe(2);
    expect(refused.text).toMatch(/PORT: .*\n\s*LOG_LEVEL: /);
  });
});
