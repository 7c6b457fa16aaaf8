/*
 * Counts are kept by triggers in slots (docs/decisions/0007-counts-in-slots.md): a count is the sum
 * over its slots, which float8 holds exactly up to 2^53. These statements are asked seldom and are
 * not named.
 */

/** A statement with the values of its `$1` and so on. */
export interface CountStatement {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

export interface PeriodRow {
  /** The period's first day, as `YYYY-MM-DD`. */
  readonly start: string;
  readonly messages: number;
}

export interface TagRow {
  readonly tag: string;
  readonly messages: number;
}

interface Range {
  /** Days as `YYYY-MM-DD`, both included. */
  readonly from: string;
  readonly to: string;
}

export function countsPerPeriod({
  period,
  from,
  to,
  tag,
}: Range & { readonly period: string; readonly tag?: string | undefined }): CountStatement {
  return tag === undefined
    ? { sql: perPeriod('message_counts', 'true'), values: [from, to, period] }
    : { sql: perPeriod('tag_day_counts', 'tag = $4'), values: [from, to, period, tag] };
}

function perPeriod(table: string, condition: string): string {
  return `
SELECT to_char(date_trunc($3, day::timestamp), 'YYYY-MM-DD') AS start, sum(count)::float8 AS messages
  FROM ${table}
 WHERE day BETWEEN $1::date AND $2::date AND ${condition}
 GROUP BY 1
HAVING sum(count) > 0`;
}

/**
 * The busiest tags of a range: its whole months, of which there is a row for each tag, and the days
 * before and after them.
 */
export function busiestTags({
  from,
  to,
  months,
  limit,
}: Range & {
  readonly months: { readonly first: string; readonly end: string };
  readonly limit: number;
}): CountStatement {
  return {
    sql: `
SELECT tag, sum(count)::float8 AS messages
  FROM (SELECT tag, count FROM tag_month_counts WHERE month >= $2::date AND month < $3::date
        UNION ALL
        SELECT tag, count FROM tag_day_counts WHERE day >= $1::date AND day < $2::date
        UNION ALL
        SELECT tag, count FROM tag_day_counts WHERE day >= $3::date AND day <= $4::date) AS counted
 GROUP BY tag
HAVING sum(count) > 0
 ORDER BY messages DESC, tag COLLATE "C"
 LIMIT $5`,
    values: [from, months.first, months.end, to, limit],
  };
}
