import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Config, readConfig } from '../src/config/index.js';
import { migrate } from '../src/database/index.js';
import { startServer } from '../src/server.js';
import { ensureDevelopmentAuth, withDevelopmentAuth } from './development-auth.js';
import { developmentToken } from './development-token.js';
import { EMBEDDED_ENVIRONMENT_FILE, embeddedEnvironment } from './embedded-environment.js';
import { EmbeddedCluster } from './embedded-postgres/cluster.js';
import { reportFailure } from './failure.js';

const HELP = `Usage: npm start

Serves the API. Where neither DATABASE_URL nor SHARDS is set, brings up an embedded PostgreSQL
cluster first: two shards, each a primary and a streaming replica, with their data in .data/.
Migrates every shard before it serves. Ctrl-C stops everything that it started.

Environment: see .env.example.
`;

const DATA_DIRECTORY = '.data';
const PORT_WAIT_MS = 3_000;
const PORT_POLL_MS = 100;
const TOKEN_SECONDS = 12 * 3_600;

export async function main(args: string[]): Promise<number> {
  try {
    const { values } = parseArgs({ args, options: { help: { type: 'boolean', short: 'h' } } });
    if (values.help) {
      process.stdout.write(HELP);
      return 0;
    }
    return await serveUntilStopped();
  } catch (error) {
    return reportFailure(error);
  }
}

async function serveUntilStopped(): Promise<number> {
  const stop = new StopSignal();
  let cluster: EmbeddedCluster | undefined;
  try {
    let env: NodeJS.ProcessEnv = { ...process.env };
    if (!env['DATABASE_URL'] && !env['SHARDS']) {
      // Faults of the configuration, and a port that is taken, are told before minutes are spent.
      const { http } = readConfig({ ...env, DATABASE_URL: 'postgres://embedded' });
      await checkPortIsFree(http);
      cluster = await startCluster();
      env = { ...env, ...embeddedEnvironment(cluster) };
    }
    if (stop.requested) return 0;
    say('migrating ...');
    await migrate(readConfig(env).database, say);
    if (stop.requested) return 0;
    await ensureDevelopmentAuth(env);
    const config = readConfig(withDevelopmentAuth(env));
    const app = await startServer(config);
    say(welcome(onLoopback(app.url), onLoopback(app.managementUrl), await exampleToken(config)));
    await stop.asked;
    say('stopping ...');
    await app.close();
    return 0;
  } finally {
    if (cluster) {
      await rm(EMBEDDED_ENVIRONMENT_FILE, { force: true });
      await cluster.stop();
      say('stopped the PostgreSQL cluster');
    }
    stop.release();
  }
}

async function startCluster(): Promise<EmbeddedCluster> {
  await mkdir(DATA_DIRECTORY, { recursive: true });
  say(
    `bringing up PostgreSQL: two shards, each a primary and a replica, data in ${DATA_DIRECTORY}/`,
  );
  const cluster = await EmbeddedCluster.start({
    dir: `${DATA_DIRECTORY}/postgres`,
    shards: 2,
    replicasPerShard: 1,
    onProgress: say,
    onUnexpectedExit: ({ server, reason }) => say(`PostgreSQL server ${server} is gone: ${reason}`),
  });
  const lines = Object.entries(embeddedEnvironment(cluster)).map(
    ([name, value]) => `${name}=${value}`,
  );
  await writeFile(EMBEDDED_ENVIRONMENT_FILE, `${lines.join('\n')}\n`, { mode: 0o600 });
  return cluster;
}

/** A start right after one that was killed finds its port taken until that one has noticed. */
async function checkPortIsFree({ host, port }: Config['http']): Promise<void> {
  const deadline = Date.now() + PORT_WAIT_MS;
  for (;;) {
    const cause = await listenError(host, port);
    if (!cause) return;
    if (cause.code !== 'EADDRINUSE') {
      throw new Error(`cannot listen on ${host}:${port}: set HOST and PORT`, { cause });
    }
    if (Date.now() > deadline) {
      throw new Error(
        `port ${port} is taken: set PORT to another, as in PORT=${port + 1} npm start`,
        { cause },
      );
    }
    await setTimeout(PORT_POLL_MS);
  }
}

async function listenError(host: string, port: number): Promise<NodeJS.ErrnoException | undefined> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', resolve);
    server.listen({ host, port }, () => server.close(() => resolve(undefined)));
  });
}

const ORPHAN_WATCH_MS = 250;
/** Ctrl-C reaches the process twice: from the terminal, and from npm, which passes it on. */
const ECHO_MS = 1_000;
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The first signal stops in order; a second one gives up waiting. */
class StopSignal {
  private requestedAt: number | undefined;
  readonly asked: Promise<void>;
  private readonly onSignal: () => void;
  private readonly orphanWatch: NodeJS.Timeout;

  constructor() {
    let ask: () => void;
    this.asked = new Promise((resolve) => {
      ask = resolve;
    });
    this.onSignal = () => {
      if (this.requestedAt !== undefined) {
        if (performance.now() - this.requestedAt > ECHO_MS) process.exit(130);
        return;
      }
      this.requestedAt = performance.now();
      ask();
    };
    for (const signal of STOP_SIGNALS) process.on(signal, this.onSignal);
    // npm that is killed cannot pass the signal on: its death is one.
    const parent = process.ppid;
    this.orphanWatch = setInterval(() => {
      if (process.ppid !== parent && !this.requested) this.onSignal();
    }, ORPHAN_WATCH_MS);
  }

  get requested(): boolean {
    return this.requestedAt !== undefined;
  }

  release(): void {
    clearInterval(this.orphanWatch);
    for (const signal of STOP_SIGNALS) process.off(signal, this.onSignal);
  }
}

/** Undefined where tokens come from an issuer. */
async function exampleToken({ auth }: Config): Promise<string | undefined> {
  if (auth?.keys.kind !== 'secret') return undefined;
  return developmentToken(auth, {
    sub: 'me',
    scope: 'aggregations:read',
    ttlSeconds: TOKEN_SECONDS,
  });
}

function onLoopback(url: string): string {
  return url.replace(/\/\/(\[::1?\]|0\.0\.0\.0)/, '//127.0.0.1');
}

function welcome(address: string, management: string, token: string | undefined): string {
  const today = new Date().toISOString().slice(0, 10);
  const counts = `${address}/aggregations/messages?group_by=day&from=${today.slice(0, 4)}-01-01&to=${today}`;
  return `serving on ${address}

  curl -i ${address}/messages -H 'Content-Type: application/json' \\
       -d '{"message":"Hello, world","tag":"greetings"}'
  curl -i '${address}/messages?tag=greetings&limit=10'
  curl -i ${address}/messages/ID
${token === undefined ? '' : `  curl -i '${counts}' \\\n       -H 'Authorization: Bearer ${token}'\n`}
  The API as a page to try it from: ${address}/docs
  How it is: ${management}/health/ready
  Ctrl-C stops everything.`;
}

function say(message: string): void {
  process.stderr.write(`[start] ${message}\n`);
}
