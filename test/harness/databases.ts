import { randomUUID } from 'node:crypto';
import { Client, type QueryResultRow } from 'pg';
import { type Config, readConfig } from '../../src/config/index.js';
import { SERVICE_ENVIRONMENT } from './service-environment.js';

interface ShardServers {
  readonly primary: string;
  readonly replicas: readonly string[];
}

const DEADLINE_MS = 20_000;

/** Fresh, empty databases on the shared cluster, one on each shard, gone with `dispose`. */
export class TestDatabases implements AsyncDisposable {
  readonly name = `test_${randomUUID().replaceAll('-', '')}`;

  static async create(): Promise<TestDatabases> {
    const databases = new TestDatabases(servers());
    await databases.onEachServer(`CREATE DATABASE ${databases.name}`);
    return databases;
  }

  private constructor(private readonly shards: readonly ShardServers[]) {}

  /** @param overrides variables that differ from a service on all the shards */
  env(overrides: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
    const env: NodeJS.ProcessEnv = { ...SERVICE_ENVIRONMENT };
    env['SHARDS'] = 's0:0-2047,s1:2048-4095';
    this.shards.forEach((_, index) => {
      env[`SHARD_S${index}_PRIMARY_URL`] = this.primaryUrl(index);
      env[`SHARD_S${index}_REPLICA_URLS`] = this.replicaUrl(index);
    });
    return { ...env, ...overrides };
  }

  config(overrides: NodeJS.ProcessEnv = {}): Config {
    return readConfig(this.env(overrides));
  }

  primaryUrl(shard: number): string {
    return this.inDatabase(this.shards[shard]?.primary);
  }

  replicaUrl(shard: number): string {
    return this.inDatabase(this.shards[shard]?.replicas[0]);
  }

  onPrimary<Row extends QueryResultRow>(shard: number, sql: string): Promise<Row[]> {
    return query<Row>(this.primaryUrl(shard), sql);
  }

  /** Asks the shard's replica once it has replayed all that its primary had written by now. */
  async onReplica<Row extends QueryResultRow>(shard: number, sql: string): Promise<Row[]> {
    const [position] = await this.onPrimary<{ lsn: string }>(
      shard,
      'SELECT pg_current_wal_insert_lsn()::text AS lsn',
    );
    const deadline = Date.now() + DEADLINE_MS;
    const reached = `SELECT pg_last_wal_replay_lsn() >= '${position?.lsn}'::pg_lsn AS reached`;
    const replica = this.shards[shard]?.replicas[0] ?? '';
    for (;;) {
      const [row] = await query<{ reached: boolean }>(replica, reached);
      if (row?.reached) return query<Row>(this.replicaUrl(shard), sql);
      if (Date.now() > deadline) throw new Error('the replica does not catch up');
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.onEachServer(`DROP DATABASE IF EXISTS ${this.name} WITH (FORCE)`);
  }

  private async onEachServer(sql: string): Promise<void> {
    await Promise.all(this.shards.map(({ primary }) => query(primary, sql)));
  }

  private inDatabase(url: string | undefined): string {
    if (!url) throw new Error('the test cluster has no such server');
    return Object.assign(new URL(url), { pathname: `/${this.name}` }).href;
  }
}

async function query<Row extends QueryResultRow>(url: string, sql: string): Promise<Row[]> {
  const client = new Client({ connectionString: url, query_timeout: DEADLINE_MS });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

function servers(): ShardServers[] {
  const text = process.env['TEST_CLUSTER'];
  if (!text) throw new Error('TEST_CLUSTER is not set: tests run through npm test');
  return JSON.parse(text) as ShardServers[];
}
