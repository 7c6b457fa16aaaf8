import { parseLsn, type Position } from '../freshness/position.js';
import type { PrismaClient } from '../generated/client.js';
import type { HotStatement } from '../servers/hot-statement.js';

/**
 * How far the primary's WAL is on disk. Asked in a statement of its own, after the commit: within
 * the inserting one it would be the position before the commit record. A commit is acknowledged
 * once it is flushed, and only what is flushed is sent to replicas, so the insert position, ahead
 * of it, would keep readers waiting for other transactions that no replica can have yet. With
 * `synchronous_commit = off` commits are acknowledged unflushed.
 */
export const WRITTEN_POSITION: HotStatement = {
  name: 'written_position',
  sql: `
SELECT lsn::text AS lsn, ('x' || left(pg_walfile_name(lsn), 8))::bit(32)::bigint::integer AS timeline
  FROM (SELECT CASE current_setting('synchronous_commit')
               WHEN 'off' THEN pg_current_wal_insert_lsn()
               ELSE pg_current_wal_flush_lsn()
               END AS lsn) AS written`,
};

export async function readWrittenPosition(primary: PrismaClient): Promise<Position> {
  const [row] = await primary.$queryRawUnsafe<{ lsn: string; timeline: number }[]>(
    WRITTEN_POSITION.sql,
  );
  if (!row) throw new Error('the primary says nothing of its position');
  return { timeline: row.timeline, lsn: parseLsn(row.lsn) };
}
