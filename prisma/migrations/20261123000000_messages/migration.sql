-- The bucket of a tag: the first 12 bits of SHA-256 of its UTF-8 (src/messages/bucket.ts is its twin).
-- convert_to is marked stable only because encodings can be redefined; for UTF8 it never changes.
CREATE FUNCTION bucket_of_tag(tag text) RETURNS smallint
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN ((get_byte(sha256(convert_to(tag, 'UTF8')), 0) << 4)
        | (get_byte(sha256(convert_to(tag, 'UTF8')), 1) >> 4))::smallint;

-- The bucket that a message id carries in its last 12 bits (src/messages/message-id.ts).
CREATE FUNCTION bucket_of_id(id uuid) RETURNS smallint
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN (((get_byte(uuid_send(id), 14) & 15) << 8) | get_byte(uuid_send(id), 15))::smallint;

CREATE TABLE messages (
  id      uuid     PRIMARY KEY,
  bucket  smallint NOT NULL GENERATED ALWAYS AS (bucket_of_id(id)) STORED,
  tag     text     NOT NULL,
  message text     NOT NULL,
  CONSTRAINT messages_id_is_uuid_v7 CHECK (uuid_extract_version(id) = 7),
  CONSTRAINT messages_id_carries_bucket_of_tag CHECK (bucket_of_id(id) = bucket_of_tag(tag)),
  CONSTRAINT messages_tag_length CHECK (octet_length(tag) BETWEEN 1 AND 32),
  CONSTRAINT messages_message_length CHECK (char_length(message) BETWEEN 1 AND 140)
);

-- A page is a range of this index, read backwards from its end or from the cursor.
CREATE INDEX messages_tag_id_idx ON messages (tag, id DESC);

CREATE TABLE shard_ownership (
  singleton  boolean     PRIMARY KEY DEFAULT true CHECK (singleton),
  layout_id  uuid        NOT NULL,
  buckets    text        NOT NULL,
  claimed_at timestamptz NOT NULL DEFAULT now(),
  settled_at timestamptz
);

COMMENT ON TABLE shard_ownership IS
  'The buckets that this database owns. A service whose configuration says otherwise refuses to start.';
