import { expect } from '@jest/globals';
import { waitUntil } from '../../scripts/embedded-postgres/wait-until.js';
import { PAGES } from '../../src/database/reads/pages.statement.js';
import type { FaultCluster } from './fault-cluster.js';
import { get } from './http.js';
import type { RedisServer } from './redis.js';

const DEADLINE_MS = 30_000;

/** The path of the first page of a tag. */
export const pathOf = (tag: string, limit = 50) => `/messages?tag=${tag}&limit=${limit}`;

/** Statements that ask for pages, seen by the proxies before all servers of PostgreSQL. */
export function watchPages(cluster: FaultCluster) {
  const sightings = cluster.shards.flatMap((shard) =>
    [shard.primary, ...shard.replicas].map((server) => shard.proxy(server).watch(PAGES.name)),
  );
  return { count: () => sightings.reduce((sum, { count }) => sum + count, 0) };
}

/** Until a service answers the first page of a tag without PostgreSQL. */
export async function untilCached(cluster: FaultCluster, url: string, tag: string): Promise<void> {
  await waitUntil(`a copy of the page of ${tag}`, DEADLINE_MS, async () => {
    const pages = watchPages(cluster);
    expect((await get(url, pathOf(tag))).status).toBe(200);
    return pages.count() === 0;
  });
}

/** Bytes that Redis has sent to anybody, since it was started. */
export async function bytesSentBy(redis: RedisServer): Promise<number> {
  const stats = String(await redis.command('INFO', 'stats'));
  return Number(/total_net_output_bytes:(\d+)/.exec(stats)?.[1]);
}

/** Keys of copies of a tag's pages, but for those of what has no body. */
export async function copiesOf(redis: RedisServer, tag: string): Promise<string[]> {
  const keys = (await redis.command('KEYS', `*:${tag}:page:*`)) as string[];
  return keys.filter((key) => !/:(head|lease:.*)$/.test(key));
}
