import type { DatabaseConfig, ShardConfig } from '../../config/index.js';
import { withSession } from '../migrate/session.js';

export interface CountDifference {
  readonly shard: string;
  /** `day`, `tag and day`, or `tag and month`. */
  readonly kind: string;
  /** Its first day, as `YYYY-MM-DD`. */
  readonly period: string;
  /** Null where all tags are counted. */
  readonly tag: string | null;
  readonly actual: number;
  readonly counted: number;
}

/** Told after each month, a shard at a time. */
export type OnMonth = (shard: string, month: string, done: number, of: number) => void;

/** A month of a shard may take as long. */
const STATEMENT_TIMEOUT_MS = 600_000;

/**
 * Compares the counts of every shard's primary with its messages, each month in one snapshot, while
 * writers go on.
 */
export async function verifyCounts(
  config: Pick<DatabaseConfig, 'shards'>,
  onMonth: OnMonth,
): Promise<CountDifference[]> {
  return eachMonth(config, onMonth, async (ask, shard, month) => {
    const rows = await ask<Omit<CountDifference, 'shard'>>(
      `SELECT kind, period::text, tag, actual::float8, counted::float8
         FROM message_count_differences($1::date)
        ORDER BY kind, period, tag COLLATE "C"`,
      month,
    );
    return rows.map((row) => ({ shard, ...row }));
  });
}

/**
 * Makes the counts of every shard what its messages say, while writers and readers go on.
 *
 * @returns how many counts were wrong
 */
export async function rebuildCounts(
  config: Pick<DatabaseConfig, 'shards'>,
  onMonth: OnMonth,
): Promise<number> {
  const corrected = await eachMonth(config, onMonth, (ask, _shard, month) =>
    ask<{ wrong: number }>('SELECT correct_message_counts($1::date)::float8 AS wrong', month),
  );
  return corrected.reduce((sum, { wrong }) => sum + wrong, 0);
}

type Ask = <Row>(sql: string, ...values: string[]) => Promise<Row[]>;

async function eachMonth<Row>(
  { shards }: Pick<DatabaseConfig, 'shards'>,
  onMonth: OnMonth,
  work: (ask: Ask, shard: string, month: string) => Promise<Row[]>,
): Promise<Row[]> {
  const found: Row[] = [];
  for (const shard of shards) {
    await withSession(
      shard,
      async (session) => {
        const ask: Ask = async <Answer>(sql: string, ...values: string[]) =>
          (await session.query(sql, values)).rows as Answer[];
        found.push(...(await monthsOf(shard, ask, onMonth, work)));
      },
      STATEMENT_TIMEOUT_MS,
    );
  }
  return found;
}

async function monthsOf<Row>(
  { name }: ShardConfig,
  ask: Ask,
  onMonth: OnMonth,
  work: (ask: Ask, shard: string, month: string) => Promise<Row[]>,
): Promise<Row[]> {
  const found: Row[] = [];
  const months = await ask<{ month: string }>('SELECT message_count_months()::text AS month');
  for (const [index, { month }] of months.entries()) {
    found.push(...(await work(ask, name, month)));
    onMonth(name, month.slice(0, 7), index + 1, months.length);
  }
  return found;
}
