import { Client } from 'pg';
import { readConfig } from '../src/config/index.js';

const COUNT = `
SELECT coalesce(sum(calls), 0)::text AS calls
  FROM pg_stat_statements
 WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())`;

/**
 * Counts the statements that PostgreSQL runs in a database, on its primary and its replicas: all of
 * them, also those by which a service follows its servers. Its own questions are left out.
 */
export class StatementCounter implements AsyncDisposable {
  private asked = 0;

  private constructor(private readonly clients: readonly Client[]) {}

  /** @param env of a service on a cluster whose servers have pg_stat_statements loaded */
  static async of(env: NodeJS.ProcessEnv): Promise<StatementCounter> {
    const [shard] = readConfig(env).database.shards;
    if (!shard) throw new Error('there is no shard');
    const urls = [shard.primaryUrl, ...shard.replicaUrls];
    const clients = urls.map((connectionString) => new Client({ connectionString }));
    for (const client of clients) await client.connect();
    return new StatementCounter(clients);
  }

  async count(): Promise<number> {
    const counts = await Promise.all(
      this.clients.map(async (client) => {
        const { rows } = await client.query<{ calls: string }>(COUNT);
        return Number(rows[0]?.calls);
      }),
    );
    const own = this.asked;
    this.asked += this.clients.length;
    return counts.reduce((sum, count) => sum + count, 0) - own;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.clients.map((client) => client.end()));
  }
}
