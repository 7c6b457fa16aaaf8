-- A page is read from its index alone: a leaf or two, where the rows of a tag lie scattered over the
-- table, each in a block of its own.
CREATE INDEX messages_page_idx ON messages (tag, id DESC) INCLUDE (message);
DROP INDEX messages_tag_id_idx;

-- Only blocks that vacuum has marked need no look at the table. It skips those it has marked, so it
-- may come often; by default it would wait until a fifth of all messages is new.
ALTER TABLE messages SET (
  autovacuum_vacuum_insert_scale_factor = 0,
  autovacuum_vacuum_insert_threshold = 50000
);
