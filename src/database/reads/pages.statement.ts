import type { HotStatement } from '../servers/hot-statement.js';

/*
 * A message as JSON, as JSON.stringify writes one. `tail` has the tag, escaped once for the page.
 * The microsecond makes PostgreSQL write all six decimals of the second, of which three stay.
 * JSON_SCALAR looks up how to write a type once for a statement, to_json once for each value.
 */
const MESSAGE = (tail: string) => `
  '{"id":"' || id || '","message":' || JSON_SCALAR(message)::text || ${tail}
  || JSON_SCALAR(uuid_extract_timestamp(id) AT TIME ZONE 'UTC' + interval '1 us')::varchar(24)
  || 'Z"}'`;

/** Greater than every message id. */
const AFTER_ALL = `'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid`;

/**
 * Pages of many tags at once, each as the JSON text that is sent: tags ($1), the ids before which
 * the pages start or null ($2), limits ($3), tails ($4). `replayed` is the position of a replica,
 * read after the snapshot was taken: at most good for telling that it is too old.
 */
export const PAGES: HotStatement = {
  name: 'messages_pages',
  sql: `
SELECT page.body, page.last::text,
       page.length = asked.length
         AND EXISTS (SELECT FROM messages WHERE tag = asked.tag AND id < page.last) AS more,
       CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()::text END AS replayed
  FROM unnest($1::text[], $2::uuid[], $3::integer[], $4::text[])
         WITH ORDINALITY AS asked (tag, before, length, tail, place)
 CROSS JOIN LATERAL (
   SELECT '[' || coalesce(string_agg(${MESSAGE('asked.tail')}, ',' ORDER BY id DESC), '') || ']' AS body,
          count(*) AS length,
          (array_agg(id ORDER BY id DESC))[count(*)] AS last
     FROM (SELECT id, message
             FROM messages
            WHERE tag = asked.tag AND id < coalesce(asked.before, ${AFTER_ALL})
            ORDER BY id DESC
            LIMIT asked.length) AS newest
 ) AS page
 ORDER BY asked.place`,
};

/** What stands between a message and its time. */
export function tailOf(tag: string): string {
  return `,"tag":${JSON.stringify(tag)},"created_at":`;
}

/** Messages by their ids ($1), each as JSON text; those that are not there are left out. */
export const MESSAGES: HotStatement = {
  name: 'messages_by_id',
  sql: `
SELECT id::text, ${MESSAGE(`',"tag":' || to_json(tag) || ',"created_at":'`)} AS body
  FROM messages
 WHERE id = ANY ($1::uuid[])`,
};
