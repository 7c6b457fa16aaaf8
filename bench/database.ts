import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { embeddedEnvironment } from '../scripts/embedded-environment.js';
import { EmbeddedCluster } from '../scripts/embedded-postgres/cluster.js';
import { removeStorage } from '../scripts/embedded-postgres/storage.js';
import { readConfig } from '../src/config/index.js';
import { migrate } from '../src/database/index.js';

const ROWS_AT_ONCE = 500_000;

interface Messages {
  readonly messages: number;
  readonly tags: number;
  /** Between a message and the next, a second if not given. */
  readonly spacingMs?: number;
}

/** A cluster of one shard with one replica, durable as in production, gone with `dispose`. */
export class BenchCluster implements AsyncDisposable {
  private constructor(
    private readonly directory: string,
    private readonly cluster: EmbeddedCluster,
  ) {}

  static async start(): Promise<BenchCluster> {
    const directory = await mkdtemp(join(tmpdir(), 'messages-bench-'));
    const cluster = await EmbeddedCluster.start({
      dir: join(directory, 'postgres'),
      shards: 1,
      replicasPerShard: 1,
      settings: {
        shared_buffers: '1GB',
        max_wal_size: '8GB',
        shared_preload_libraries: 'pg_stat_statements',
      },
    });
    return new BenchCluster(directory, cluster);
  }

  /** A database of its own, migrated, with made-up messages, replayed by the replica. */
  async database(
    name: string,
    { messages, tags, spacingMs = 1_000 }: Messages,
    onProgress: (message: string) => void,
  ): Promise<NodeJS.ProcessEnv> {
    const [shard] = this.cluster.shards;
    if (!shard) throw new Error('the cluster has no shard');
    await shard.createDatabase(name);
    const env = embeddedEnvironment(this.cluster, name);
    await migrate(readConfig(env).database, () => undefined);
    await countStatements(env);
    await fill(shard.primary.url(name), { messages, tags, spacingMs }, onProgress);
    await shard.untilReplayed(120_000);
    return env;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster.stop();
    await removeStorage(join(this.directory, 'postgres'));
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** A connection to the primary of such an environment. */
export async function connectedTo(env: NodeJS.ProcessEnv): Promise<Client & AsyncDisposable> {
  const client = new Client({ connectionString: env['SHARD_S0_PRIMARY_URL'] });
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}

async function countStatements(env: NodeJS.ProcessEnv): Promise<void> {
  await using client = await connectedTo(env);
  await client.query('CREATE EXTENSION pg_stat_statements');
}

/** Ids as the service makes them, round the tags; made by PostgreSQL itself. */
async function fill(
  url: string,
  { messages, tags, spacingMs }: Required<Messages>,
  onProgress: (message: string) => void,
): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    for (let first = 0; first < messages; first += ROWS_AT_ONCE) {
      await client.query(
        `INSERT INTO messages (id, tag, message)
         SELECT (lpad(to_hex(1600000000000 + n * $4), 12, '0')
                 || '7' || substr(md5(n::text), 1, 3)
                 || '8' || substr(md5(n::text), 4, 12)
                 || lpad(to_hex(bucket_of_tag('tag' || n % $3)::integer), 3, '0'))::uuid,
                'tag' || n % $3,
                substr(md5(n::text) || ' ' || md5((n + 1)::text), 1, 20 + (n % 46)::integer)
           FROM generate_series($1::bigint, $2::bigint - 1) AS n`,
        [first, Math.min(messages, first + ROWS_AT_ONCE), tags, spacingMs],
      );
      onProgress(`${Math.min(messages, first + ROWS_AT_ONCE)} of ${messages} messages are there`);
    }
    await client.query('VACUUM (ANALYZE) messages');
    await client.query('CHECKPOINT');
  } finally {
    await client.end();
  }
}
