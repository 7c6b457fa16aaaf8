import { UnavailableError } from '../../errors/index.js';
import type { Message } from '../../messages/message.js';
import type { PrismaClient } from '../generated/client.js';
import type { HotStatement } from '../servers/hot-statement.js';

/** An Idempotency-Key and the body that came with it, hashed. */
export interface KeyedBody {
  /** UUID-shaped: 128 bits of SHA-256. */
  readonly key: string;
  readonly body: string;
}

export interface NewRow {
  readonly message: Message;
  readonly idempotency: KeyedBody | undefined;
}

/** What a key came to. */
export interface HeldKey {
  readonly key: string;
  readonly body: string;
  readonly messageId: string;
}

/** One text whatever the number of rows, so that it is planned once. */
export const INSERT_MESSAGES: HotStatement = {
  name: 'insert_messages',
  sql: `
INSERT INTO messages (id, tag, message)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[])
ON CONFLICT (id) DO NOTHING`,
};

/**
 * The same, where rows may carry a key: a row is stored if it has none or takes its key, which must
 * be held by no other row of the last 24 hours. Answers the keys that are held already, found at no
 * extra round trip. Keys are taken in their order, so that two such statements cannot each wait
 * for the other.
 */
export const INSERT_KEYED_MESSAGES: HotStatement = {
  name: 'insert_keyed_messages',
  sql: `
WITH asked AS (
  SELECT *
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::uuid[])
      AS asked (id, tag, message, key, body)
), taken AS (
  INSERT INTO idempotency_keys AS held (key, body, message_id)
  SELECT key, body, id FROM asked WHERE key IS NOT NULL ORDER BY key
  ON CONFLICT (key) DO UPDATE
     SET body = excluded.body, message_id = excluded.message_id, created_at = now()
   WHERE held.created_at < now() - interval '24 hours'
  RETURNING message_id
), stored AS (
  INSERT INTO messages (id, tag, message)
  SELECT id, tag, message
    FROM asked
   WHERE key IS NULL OR id IN (SELECT message_id FROM taken)
  ON CONFLICT (id) DO NOTHING
)
SELECT key::text FROM asked WHERE key IS NOT NULL AND id NOT IN (SELECT message_id FROM taken)`,
};

/** A statement of its own: that of the insert does not see keys committed since it began. */
const HELD_KEYS = `
SELECT key::text, body::text, message_id::text AS "messageId"
  FROM idempotency_keys
 WHERE key = ANY ($1::uuid[])`;

/**
 * Stores rows, of which no two have the same key. May be repeated: what is there stays.
 *
 * @returns the keys that were held already, by other messages or by an earlier attempt
 */
export async function insertRows(
  primary: PrismaClient,
  rows: readonly NewRow[],
): Promise<HeldKey[]> {
  const columns = [
    rows.map(({ message }) => message.id),
    rows.map(({ message }) => message.tag),
    rows.map(({ message }) => message.message),
  ] as const;
  if (rows.every(({ idempotency }) => idempotency === undefined)) {
    await primary.$executeRawUnsafe(INSERT_MESSAGES.sql, ...columns);
    return [];
  }
  const held = await primary.$queryRawUnsafe<{ key: string }[]>(
    INSERT_KEYED_MESSAGES.sql,
    ...columns,
    rows.map(({ idempotency }) => idempotency?.key ?? null),
    rows.map(({ idempotency }) => idempotency?.body ?? null),
  );
  if (held.length === 0) return [];
  const found = await primary.$queryRawUnsafe<HeldKey[]>(
    HELD_KEYS,
    held.map(({ key }) => key),
  );
  if (found.length < held.length) {
    throw new UnavailableError('an idempotency key was cleaned up while it was looked at', 1);
  }
  return found;
}
