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
    ? { sql: perPeriod('SELECT day, count FROM message_counts'), values: [from, to, period] }
    : { sql: perPeriod(DAYS_OF_TAG), values: [from, to, period, tag] };
}

const DAYS_OF_TAG = `
SELECT month + place - 1 AS day, days[place] AS count
  FROM tag_counts CROSS JOIN LATERAL generate_subscripts(days, 1) AS place
 WHERE tag = $4 AND month BETWEEN date_trunc('month', $1::date::timestamp)::date AND $2::date`;

function perPeriod(days: string): string {
  return `
SELECT to_char(date_trunc($3, day::timestamp), 'YYYY-MM-DD') AS start, sum(count)::float8 AS messages
  FROM (${days}) AS counted
 WHERE day BETWEEN $1::date AND $2::date
 GROUP BY 1
HAVING sum(count) > 0`;
}

/** The busiest tags of a range: of months that lie in it as a whole the sum, of others the days. */
export function busiestTags({
  from,
  to,
  limit,
}: Range & { readonly limit: number }): CountStatement {
  return {
    sql: `
SELECT tag, sum(count)::float8 AS messages
  FROM (SELECT tag,
               CASE WHEN month >= $1::date AND (month + interval '1 month')::date <= $2::date + 1
                    THEN count
                    ELSE (SELECT sum(day)
                            FROM unnest(days[greatest($1::date - month, 0) + 1
                                             : $2::date - month + 1]) AS day)
               END AS count
          FROM tag_counts
         WHERE month BETWEEN date_trunc('month', $1::date::timestamp)::date AND $2::date) AS counted
 GROUP BY tag
HAVING sum(count) > 0
 ORDER BY messages DESC, tag COLLATE "C"
 LIMIT $3`,
    values: [from, to, limit],
  };
}
