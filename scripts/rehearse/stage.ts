import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../src/config/index.js';
import { migrate } from '../../src/database/index.js';
import { embeddedEnvironment } from '../embedded-environment.js';
import { EmbeddedCluster } from '../embedded-postgres/cluster.js';
import { pickPort } from '../embedded-postgres/ports.js';
import type { PostgresServer } from '../embedded-postgres/server.js';
import { removeStorage } from '../embedded-postgres/storage.js';
import { waitUntil } from '../embedded-postgres/wait-until.js';
import { HaProxy } from '../haproxy.js';
import { type ServicePorts, ServiceProcess } from '../service-process.js';
import { CacheServer } from '../cache-server.js';

const PROCESSES = 2;
const WELL_MS = 60_000;
const ASK_MS = 5_000;
/** HAProxy notices within a tenth of that. */
const SHUTDOWN_DELAY = '2s';

interface Parts {
  readonly directory: string;
  readonly cluster: EmbeddedCluster;
  readonly redis: CacheServer;
  readonly proxy: HaProxy;
  readonly processes: ServiceProcess[];
  readonly env: NodeJS.ProcessEnv;
}

/**
 * The service as in production, on loopback: two processes behind HAProxy, two shards with a replica
 * each, Redis. All is gone with `dispose`.
 */
export class Stage implements AsyncDisposable {
  /** @param onProgress told what is brought up */
  static async build(onProgress: (message: string) => void): Promise<Stage> {
    const parts: Partial<Parts> & Pick<Parts, 'directory' | 'processes'> = {
      directory: await mkdtemp(join(tmpdir(), 'messages-rehearsal-')),
      processes: [],
    };
    try {
      return new Stage(await bringUp(parts, onProgress));
    } catch (error) {
      await takeDown(parts);
      throw error;
    }
  }

  private constructor(private readonly parts: Parts) {}

  /** Of HAProxy. */
  get url(): string {
    return this.parts.proxy.url;
  }

  get processes(): readonly ServiceProcess[] {
    return this.parts.processes;
  }

  get redis(): CacheServer {
    return this.parts.redis;
  }

  shard(index: number): { readonly primary: PostgresServer; readonly replica: PostgresServer } {
    const { primary, replicas } = this.parts.cluster.shards[index] ?? {};
    const [replica] = replicas ?? [];
    if (!primary || !replica) throw new Error(`there is no shard ${index} with a replica`);
    return { primary, replica };
  }

  /** As a deployment does: SIGTERM, a new process in its place, traffic once it is ready. */
  async restartProcess(index: number): Promise<void> {
    const { processes, env, proxy } = this.parts;
    const process = processes[index];
    if (!process) throw new Error(`there is no process ${index}`);
    const code = await process.stop();
    if (code !== 0) throw new Error(`process ${index} ended with ${code}:\n${process.output}`);
    processes[index] = await ServiceProcess.start(env, { ports: process.ports });
    await proxy.untilAllUp(WELL_MS);
  }

  /** Waits until every process finds every part of it up. */
  async untilWell(): Promise<void> {
    for (const { managementUrl } of this.processes) {
      await waitUntil(`${managementUrl} to be well`, WELL_MS, async () => {
        const signal = AbortSignal.timeout(ASK_MS);
        const answer = await fetch(`${managementUrl}/health/ready`, { signal });
        return ((await answer.json()) as { status?: string }).status === 'ok';
      });
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return takeDown(this.parts);
  }
}

async function bringUp(
  parts: { -readonly [Part in keyof Parts]?: Parts[Part] } & Pick<Parts, 'directory' | 'processes'>,
  onProgress: (message: string) => void,
): Promise<Parts> {
  onProgress('bringing up PostgreSQL: two shards, each a primary and a replica');
  const cluster = await EmbeddedCluster.start({
    dir: join(parts.directory, 'postgres'),
    shards: 2,
    replicasPerShard: 1,
    // A replica asks at once for a primary that is back.
    settings: { wal_retrieve_retry_interval: '100ms' },
  });
  parts.cluster = cluster;
  onProgress('bringing up Redis');
  const redis = await CacheServer.start();
  parts.redis = redis;
  const env = { ...productionEnvironment(), ...embeddedEnvironment(cluster), REDIS_URL: redis.url };
  await migrate(readConfig(env).database, onProgress);
  onProgress(`bringing up ${PROCESSES} processes of the service behind HAProxy`);
  const ports: ServicePorts[] = [];
  while (ports.length < PROCESSES) {
    const each = { http: await pickPort(), management: await pickPort() };
    ports.push(each);
    parts.processes.push(await ServiceProcess.start(env, { ports: each }));
  }
  const proxy = await HaProxy.start(ports);
  parts.proxy = proxy;
  await proxy.untilAllUp(WELL_MS);
  return { directory: parts.directory, processes: parts.processes, cluster, redis, env, proxy };
}

/** What stands on something goes before it. */
async function takeDown({ directory, cluster, redis, proxy, processes }: Partial<Parts>) {
  await proxy?.[Symbol.asyncDispose]();
  await Promise.all(processes?.map((process) => process[Symbol.asyncDispose]()) ?? []);
  await redis?.[Symbol.asyncDispose]();
  await cluster?.stop('immediate');
  if (directory === undefined) return;
  await removeStorage(join(directory, 'postgres'));
  await rm(directory, { recursive: true, force: true });
}

/**
 * What production requires. This machine runs all of it and the customers besides: that it is busy
 * must not count as a service that is overloaded, or a Redis that fails.
 */
function productionEnvironment(): NodeJS.ProcessEnv {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    NODE_ENV: 'production',
    LOG_LEVEL: 'warn',
    JWT_ISSUER: 'https://issuer.invalid/',
    JWT_AUDIENCE: 'messages',
    JWT_PUBLIC_KEY: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    SHUTDOWN_DELAY,
    SHED_EVENT_LOOP_DELAY: '0',
    REDIS_TIMEOUT_MS: '1000',
  };
}
