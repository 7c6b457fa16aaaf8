-- Counts of messages, kept in the transaction that stores them: docs/decisions/0007-counts-in-slots.md.
-- A count is the sum over its slots. Rows are updated often, so pages keep room for the next version.
CREATE TABLE message_counts (
  day   date     NOT NULL,
  slot  smallint NOT NULL,
  count bigint   NOT NULL,
  PRIMARY KEY (day, slot)
) WITH (fillfactor = 50);

-- A month of a tag: its sum, and its days by their numbers, null where nothing was counted.
CREATE TABLE tag_counts (
  tag   text      NOT NULL,
  month date      NOT NULL,
  slot  smallint  NOT NULL,
  count bigint    NOT NULL,
  days  integer[] NOT NULL,
  PRIMARY KEY (tag, month, slot)
) WITH (fillfactor = 70);

-- For the busiest tags.
CREATE INDEX tag_counts_month_idx ON tag_counts (month);

-- The slot that this transaction counts in: the first that no other open transaction has. Whoever
-- holds it is alone with its rows, so nobody waits for a count, and none can be part of a deadlock.
CREATE FUNCTION take_count_slot() RETURNS smallint LANGUAGE plpgsql AS $$
DECLARE
  slot smallint := nullif(current_setting('messages.count_slot', true), '');
BEGIN
  IF slot IS NULL THEN
    slot := 0;
    WHILE NOT pg_try_advisory_xact_lock(7172967, slot) LOOP
      slot := slot + 1;
    END LOOP;
    PERFORM set_config('messages.count_slot', slot::text, true);
  END IF;
  RETURN slot;
END
$$;

-- Adds to the counts of a day: `counts` to those of `tags`, by place, each tag once.
CREATE FUNCTION add_to_counts(day date, tags text[], counts bigint[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  own_slot  CONSTANT smallint := take_count_slot();
  of_month  CONSTANT integer  := extract(day FROM day);
  first_day CONSTANT date     := day - of_month + 1;
BEGIN
  INSERT INTO message_counts AS known
  SELECT day, own_slot, sum(added) FROM unnest(counts) AS added
  ON CONFLICT ON CONSTRAINT message_counts_pkey DO UPDATE SET count = known.count + excluded.count;

  INSERT INTO tag_counts AS known
  SELECT tag, first_day, own_slot, added, array_fill(added::integer, ARRAY[1], ARRAY[of_month])
    FROM unnest(tags, counts) AS changed (tag, added)
  ON CONFLICT ON CONSTRAINT tag_counts_pkey DO UPDATE
     SET count = known.count + excluded.count,
         days[of_month] = coalesce(known.days[of_month], 0) + excluded.count;
END
$$;

-- Both triggers see the rows that they count as `changed`. Nearly always they are of one day.
CREATE FUNCTION count_messages() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  sign CONSTANT integer := CASE TG_OP WHEN 'DELETE' THEN -1 ELSE 1 END;
BEGIN
  PERFORM add_to_counts(day, array_agg(tag), array_agg(sign * count))
     FROM (SELECT (uuid_extract_timestamp(id) AT TIME ZONE 'UTC')::date AS day, tag, count(*) AS count
             FROM changed
            GROUP BY 1, 2) AS counted
    GROUP BY day;
  RETURN NULL;
END
$$;

CREATE TRIGGER count_inserted AFTER INSERT ON messages
  REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION count_messages();

CREATE TRIGGER count_deleted AFTER DELETE ON messages
  REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION count_messages();

CREATE FUNCTION forget_message_counts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  TRUNCATE message_counts, tag_counts;
  RETURN NULL;
END
$$;

CREATE TRIGGER count_truncated AFTER TRUNCATE ON messages
  FOR EACH STATEMENT EXECUTE FUNCTION forget_message_counts();

-- A message never changes: what would move one from a count to another is refused.
CREATE FUNCTION refuse_message_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'id and tag of a message never change' USING ERRCODE = 'integrity_constraint_violation';
END
$$;

CREATE TRIGGER refuse_change BEFORE UPDATE OF id, tag ON messages
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_message_change();

-- The least message id of a day and later.
CREATE FUNCTION first_id_of_day(day date) RETURNS uuid
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN (lpad(to_hex((extract(epoch FROM day::timestamp) * 1000)::bigint), 12, '0')
          || repeat('0', 20))::uuid;

-- The months, by their first days, that have messages or counts, and those between them.
CREATE FUNCTION message_count_months() RETURNS SETOF date
  LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT generate_series(date_trunc('month', least(
           (SELECT (uuid_extract_timestamp(id) AT TIME ZONE 'UTC') FROM messages ORDER BY id LIMIT 1),
           (SELECT min(day) FROM message_counts),
           (SELECT min(month) FROM tag_counts))),
         greatest(
           (SELECT (uuid_extract_timestamp(id) AT TIME ZONE 'UTC') FROM messages ORDER BY id DESC LIMIT 1),
           (SELECT max(day) FROM message_counts),
           (SELECT max(month) FROM tag_counts)),
         interval '1 month')::date;
END;

CREATE TYPE message_count_difference AS (
  kind text, period date, tag text, actual bigint, counted bigint
);

-- Where the counts of a month, given by its first day, are not what count(*) says: nowhere, unless
-- somebody went round the triggers.
CREATE FUNCTION message_count_differences(first_day date)
  RETURNS SETOF message_count_difference
  LANGUAGE sql STABLE STRICT
BEGIN ATOMIC
  WITH actual AS MATERIALIZED (
    SELECT tag, (uuid_extract_timestamp(id) AT TIME ZONE 'UTC')::date AS day, count(*) AS count
      FROM messages
     WHERE id >= first_id_of_day(first_day)
       AND id < first_id_of_day((first_day + interval '1 month')::date)
     GROUP BY 1, 2
  ), compared AS (
    SELECT 'day' AS kind, day AS period, NULL AS tag, actual.count AS actual, known.count AS counted
      FROM (SELECT day, sum(count) AS count FROM actual GROUP BY day) AS actual
      FULL JOIN (SELECT day, sum(count) AS count
                   FROM message_counts
                  WHERE day >= first_day AND day < first_day + interval '1 month'
                  GROUP BY day) AS known USING (day)
    UNION ALL
    SELECT 'tag and day', day, tag, actual.count, known.count
      FROM actual
      FULL JOIN (SELECT tag, first_day + place - 1 AS day, sum(days[place]) AS count
                   FROM tag_counts CROSS JOIN LATERAL generate_subscripts(days, 1) AS place
                  WHERE month = first_day
                  GROUP BY tag, place) AS known USING (tag, day)
    UNION ALL
    SELECT 'tag and month', first_day, tag, actual.count, known.count
      FROM (SELECT tag, sum(count) AS count FROM actual GROUP BY tag) AS actual
      FULL JOIN (SELECT tag, sum(count) AS count
                   FROM tag_counts
                  WHERE month = first_day
                  GROUP BY tag) AS known USING (tag)
  )
  SELECT kind, period, tag, coalesce(actual, 0)::bigint, coalesce(counted, 0)::bigint
    FROM compared
   WHERE coalesce(actual, 0) <> coalesce(counted, 0);
END;

-- Adds to the counts of a month what is missing, and takes away what is too much, in a slot of its
-- own, while writers go on: messages and counts are compared in one snapshot, and by how much they
-- differ stays the same whatever is counted meanwhile. Answers how many counts were wrong.
CREATE FUNCTION correct_message_counts(first_day date) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  own_slot CONSTANT smallint := take_count_slot();
  found    CONSTANT message_count_difference[] := ARRAY(
    SELECT difference FROM message_count_differences(first_day) AS difference);
BEGIN
  PERFORM add_to_counts(period, array_agg(tag), array_agg(actual - counted))
     FROM unnest(found)
    WHERE kind = 'tag and day'
    GROUP BY period;

  -- Sums that are wrong by more, or less, than their parts were.
  INSERT INTO message_counts AS known
  SELECT period, own_slot, sum(CASE kind WHEN 'day' THEN actual - counted ELSE counted - actual END)
    FROM unnest(found)
   WHERE kind IN ('day', 'tag and day')
   GROUP BY period
  ON CONFLICT (day, slot) DO UPDATE SET count = known.count + excluded.count;

  INSERT INTO tag_counts AS known
  SELECT tag, first_day, own_slot,
         sum(CASE kind WHEN 'tag and month' THEN actual - counted ELSE counted - actual END), '{}'
    FROM unnest(found)
   WHERE kind IN ('tag and month', 'tag and day')
   GROUP BY tag
  ON CONFLICT (tag, month, slot) DO UPDATE SET count = known.count + excluded.count;

  RETURN cardinality(found);
END
$$;
