import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { ensureDebianPackage } from '../debian-package.js';
import { EmbeddedCluster } from '../embedded-postgres/cluster.js';
import { pickPort } from '../embedded-postgres/ports.js';
import { removeStorage } from '../embedded-postgres/storage.js';
import { waitUntil } from '../embedded-postgres/wait-until.js';

const START_MS = 20_000;
const TOKEN_SECONDS = 3_600;
const ISSUER = 'https://issuer.example/';
const AUDIENCE = 'messages';

/** What a service in production stands on: PostgreSQL with a replica, Redis, an issuer's key. */
export class ServersForImage implements AsyncDisposable {
  static async start(directory: string): Promise<ServersForImage> {
    ensureDebianPackage({
      programs: ['redis-server'],
      packageName: 'redis-server',
      otherwise: 'This needs redis-server on the PATH: sudo apt-get install redis-server',
    });
    const data = join(directory, 'postgres');
    const cluster = await EmbeddedCluster.start({
      dir: data,
      shards: 1,
      replicasPerShard: 1,
      settings: { fsync: 'off' },
    });
    const servers = new ServersForImage(cluster, data, await pickPort());
    try {
      await servers.startRedis(directory);
    } catch (error) {
      await servers[Symbol.asyncDispose]();
      throw error;
    }
    return servers;
  }

  private readonly keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  private redis: ChildProcess | undefined;

  private constructor(
    private readonly cluster: EmbeddedCluster,
    private readonly data: string,
    private readonly redisPort: number,
  ) {}

  /** The configuration of a service in production, its ports apart. */
  env(): NodeJS.ProcessEnv {
    const [shard] = this.cluster.shards;
    if (!shard) throw new Error('the cluster has no shard');
    return {
      DATABASE_URL: shard.primary.url('postgres'),
      DATABASE_REPLICA_URLS: shard.replicas.map((replica) => replica.url('postgres')).join(','),
      REDIS_URL: `redis://127.0.0.1:${this.redisPort}`,
      JWT_ISSUER: ISSUER,
      JWT_AUDIENCE: AUDIENCE,
      JWT_PUBLIC_KEY: this.keys.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    };
  }

  /** An access token that opens the aggregations. */
  token(): Promise<string> {
    const now = Math.floor(Date.now() / 1_000);
    return new SignJWT({ scope: 'aggregations:read' })
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt' })
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setSubject('image-check')
      .setIssuedAt(now)
      .setExpirationTime(now + TOKEN_SECONDS)
      .sign(this.keys.privateKey);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { redis } = this;
    if (redis?.pid !== undefined && redis.exitCode === null && redis.signalCode === null) {
      redis.kill('SIGKILL');
      await once(redis, 'exit');
    }
    await this.cluster.stop('immediate');
    await removeStorage(this.data);
  }

  private async startRedis(directory: string): Promise<void> {
    const settings = { bind: '127.0.0.1', port: String(this.redisPort), dir: directory, save: '' };
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
    const child = spawn('redis-server', args, { stdio: 'ignore' });
    this.redis = child;
    child.once('error', () => undefined);
    await waitUntil(`redis-server on port ${this.redisPort}`, START_MS, async () => {
      if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}`);
      return answers(this.redisPort);
    });
  }
}

async function answers(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port });
  return new Promise((resolve) => {
    socket.setTimeout(1_000, () => socket.destroy());
    socket.once('connect', () => socket.write('PING\r\n'));
    socket.once('data', (data) => {
      resolve(data.toString().startsWith('+PONG'));
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}
