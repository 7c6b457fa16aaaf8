-- What a POST with an Idempotency-Key came to. The rows live on the shard of the tag and are
-- written in the transaction of the message. Key and body are hashes: 128 bits of SHA-256 each.
CREATE TABLE idempotency_keys (
  key        uuid        PRIMARY KEY,
  body       uuid        NOT NULL,
  message_id uuid        NOT NULL,
  bucket     smallint    NOT NULL GENERATED ALWAYS AS (bucket_of_id(message_id)) STORED,
  created_at timestamptz NOT NULL DEFAULT now()
);

-- For the clean-up, which takes the oldest first.
CREATE INDEX idempotency_keys_created_at_idx ON idempotency_keys (created_at);
