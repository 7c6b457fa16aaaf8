import { chmod, chown, copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { EmbeddedCluster } from '../scripts/embedded-postgres/cluster.js';
import { openStorage, removeStorage, type Storage } from '../scripts/embedded-postgres/storage.js';
import { readConfig } from '../src/config/index.js';
import { migrate } from '../src/database/index.js';
import { startServer } from '../src/server.js';
import { CertificateAuthority } from './harness/certificates.js';
import { SERVICE_ENVIRONMENT } from './harness/service-environment.js';

let folder: string;
let authority: CertificateAuthority;
let cluster: EmbeddedCluster;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'messages-tls-'));
  authority = await CertificateAuthority.create();
  const issued = await authority.issue('server', 'DNS:localhost');
  const storage = await openStorage(join(folder, 'postgres'));
  const certFile = await handOver(issued.certFile, storage);
  const keyFile = await handOver(issued.keyFile, storage);
  cluster = await EmbeddedCluster.start({
    dir: join(folder, 'postgres'),
    shards: 1,
    replicasPerShard: 1,
    settings: { fsync: 'off', ssl: true, ssl_cert_file: certFile, ssl_key_file: keyFile },
  });
});

afterAll(async () => {
  await cluster?.stop('immediate');
  await removeStorage(join(folder, 'postgres'));
  await authority?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** PostgreSQL takes a key that is its own, and reads what it can reach. */
async function handOver(file: string, { root, account }: Storage): Promise<string> {
  const copy = join(root, basename(file));
  await copyFile(file, copy);
  await chmod(copy, 0o600);
  if (account.switchTo) await chown(copy, account.switchTo.uid, account.switchTo.gid);
  return copy;
}

/** As the manifests have it: addresses that name nobody, with the authority's file. */
function environment(caFile: string, host = 'localhost'): NodeJS.ProcessEnv {
  const shard = cluster.shards[0]!;
  const address = ({ port }: { port: number }) =>
    `postgres://${host}:${port}/postgres?sslmode=verify-full&sslrootcert=${caFile}`;
  return {
    ...SERVICE_ENVIRONMENT,
    SHARDS: 's0:0-4095',
    SHARD_S0_PRIMARY_URL: address(shard.primary),
    SHARD_S0_REPLICA_URLS: shard.replicas.map(address).join(),
    SHARD_S0_USER: 'postgres',
    SHARD_S0_PASSWORD: shard.password,
  };
}

describe('databases that are reached by TLS', () => {
  it('migrates, writes and reads with every connection encrypted', async () => {
    const config = readConfig(environment(authority.caFile));
    await migrate(config.database, () => undefined);
    const server = await startServer(config);
    try {
      const posted = await fetch(`${server.url}/messages`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ message: 'sealed', tag: 'tls' }),
      });
      expect(posted.status).toBe(201);
      const page = await fetch(`${server.url}/messages?tag=tls`);
      expect(await page.json()).toMatchObject([{ message: 'sealed' }]);
      for (const each of [cluster.shards[0]!.primary, ...cluster.shards[0]!.replicas]) {
        expect(await encryption(each.url('postgres'))).toEqual([true]);
      }
    } finally {
      await server.close();
    }
  });

  it('sends nothing to a server that it cannot verify', async () => {
    await using other = await CertificateAuthority.create();
    for (const env of [environment(other.caFile), environment(authority.caFile, '127.0.0.1')]) {
      const migrating = migrate(readConfig(env).database, () => undefined);
      await expect(migrating).rejects.toThrow('its primary cannot be reached');
    }
  });
});

/** Of the service's connections to a server, whether they are encrypted. */
async function encryption(url: string): Promise<boolean[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ ssl: boolean }>(
      `SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
       WHERE application_name LIKE 'messages%'`,
    );
    return rows.map(({ ssl }) => ssl);
  } finally {
    await client.end();
  }
}
