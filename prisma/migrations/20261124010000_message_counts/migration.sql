-- Counts of messages, kept in the transaction that stores them: docs/decisions/0007-counts-in-slots.md.
-- A count is the sum over its slots. Rows are updated often, so pages keep room for the next version.
CREATE TABLE message_counts (
  day   date     NOT NULL,
  slot  smallint NOT NULL,
  count bigint   NOT NULL,
  PRIMARY KEY (day, slot)
) WITH (fillfactor = 50);

CREATE TABLE tag_day_counts (
  tag   text     NOT NULL,
  day   date     NOT NULL,
  slot  smallint NOT NULL,
  count bigint   NOT NULL,
  PRIMARY KEY (tag, day, slot)
) WITH (fillfactor = 70);

-- For the busiest tags of days that make no whole month.
CREATE INDEX tag_day_counts_day_idx ON tag_day_counts (day);

CREATE TABLE tag_month_counts (
  month date     NOT NULL,
  tag   text     NOT NULL,
  slot  smallint NOT NULL,
  count bigint   NOT NULL,
  PRIMARY KEY (month, tag, slot)
) WITH (fillfactor = 70);

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

-- Both triggers see what they count as `changed`, one line for each tag and day of the statement.
CREATE FUNCTION count_messages() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  sign     CONSTANT integer  := CASE TG_OP WHEN 'DELETE' THEN -1 ELSE 1 END;
  own_slot CONSTANT smallint := take_count_slot();
BEGIN
  WITH counted AS MATERIALIZED (
    SELECT tag, (uuid_extract_timestamp(id) AT TIME ZONE 'UTC')::date AS day, sign * count(*) AS count
      FROM changed
     GROUP BY 1, 2
  ), days AS (
    INSERT INTO message_counts AS known (day, slot, count)
    SELECT day, own_slot, sum(count) FROM counted GROUP BY day
    ON CONFLICT (day, slot) DO UPDATE SET count = known.count + excluded.count
  ), tag_days AS (
    INSERT INTO tag_day_counts AS known (tag, day, slot, count)
    SELECT tag, day, own_slot, count FROM counted
    ON CONFLICT (tag, day, slot) DO UPDATE SET count = known.count + excluded.count
  )
  INSERT INTO tag_month_counts AS known (month, tag, slot, count)
  SELECT date_trunc('month', day::timestamp)::date, tag, own_slot, sum(count) FROM counted GROUP BY 1, 2
  ON CONFLICT (month, tag, slot) DO UPDATE SET count = known.count + excluded.count;
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
  TRUNCATE message_counts, tag_day_counts, tag_month_counts;
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
           (SELECT min(day) FROM tag_day_counts),
           (SELECT min(month) FROM tag_month_counts))),
         greatest(
           (SELECT (uuid_extract_timestamp(id) AT TIME ZONE 'UTC') FROM messages ORDER BY id DESC LIMIT 1),
           (SELECT max(day) FROM message_counts),
           (SELECT max(day) FROM tag_day_counts),
           (SELECT max(month) FROM tag_month_counts)),
         interval '1 month')::date;
END;

-- Where the counts of a month, given by its first day, are not what count(*) says: nowhere, unless
-- somebody went round the triggers.
CREATE FUNCTION message_count_differences(first_day date)
  RETURNS TABLE (kind text, period date, tag text, actual bigint, counted bigint)
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
      FULL JOIN (SELECT tag, day, sum(count) AS count
                   FROM tag_day_counts
                  WHERE day >= first_day AND day < first_day + interval '1 month'
                  GROUP BY tag, day) AS known USING (tag, day)
    UNION ALL
    SELECT 'tag and month', first_day, tag, actual.count, known.count
      FROM (SELECT tag, sum(count) AS count FROM actual GROUP BY tag) AS actual
      FULL JOIN (SELECT tag, sum(count) AS count
                   FROM tag_month_counts
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
  wrong    bigint;
BEGIN
  WITH difference AS MATERIALIZED (
    SELECT kind, period, tag, actual - counted AS count FROM message_count_differences(first_day)
  ), days AS (
    INSERT INTO message_counts AS known (day, slot, count)
    SELECT period, own_slot, count FROM difference WHERE kind = 'day'
    ON CONFLICT (day, slot) DO UPDATE SET count = known.count + excluded.count
  ), tag_days AS (
    INSERT INTO tag_day_counts AS known (tag, day, slot, count)
    SELECT tag, period, own_slot, count FROM difference WHERE kind = 'tag and day'
    ON CONFLICT (tag, day, slot) DO UPDATE SET count = known.count + excluded.count
  ), tag_months AS (
    INSERT INTO tag_month_counts AS known (month, tag, slot, count)
    SELECT period, tag, own_slot, count FROM difference WHERE kind = 'tag and month'
    ON CONFLICT (month, tag, slot) DO UPDATE SET count = known.count + excluded.count
  )
  SELECT count(*) INTO wrong FROM difference;
  RETURN wrong;
END
$$;
