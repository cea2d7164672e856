-- What is stored already is counted once, here; from now on it is counted with each decision that is stored.
-- The owner reads rows of every org for the length of this migration.
ALTER TABLE decisions NO FORCE ROW LEVEL SECURITY;--> statement-breakpoint
INSERT INTO denied_groups (org_id, sandbox_id, day, group_key, count, first_at, last_at, cursor)
SELECT org_id, sandbox_id, day,
  -- Past 500 different things of a sandbox in a day, one row of the rest: its key is the sandbox' id, written with a key's letters.
  CASE WHEN place <= 500 THEN group_key
    ELSE translate(rtrim(encode(uuid_send(sandbox_id), 'base64'), '='), '+/', '-_') END,
  sum(count), min(first_at), max(last_at), max(cursor)
FROM (
  SELECT each.*, row_number() OVER (PARTITION BY org_id, sandbox_id, day ORDER BY first_cursor) AS place
  FROM (
    SELECT org_id, sandbox_id, (time AT TIME ZONE 'UTC')::date AS day, group_key, count(*)::int AS count, min(time) AS first_at,
      max(time) AS last_at, max(cursor) AS cursor, min(cursor) AS first_cursor
    FROM decisions WHERE group_key IS NOT NULL AND time >= now() - interval '32 days' GROUP BY 1, 2, 3, 4
  ) each
) placed GROUP BY 1, 2, 3, 4;--> statement-breakpoint
ALTER TABLE decisions FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE denied_groups FORCE ROW LEVEL SECURITY;--> statement-breakpoint

-- Counts only ever grow; days that nobody can ask for any more are forgotten.
GRANT SELECT, INSERT, DELETE ON denied_groups TO creel_app;--> statement-breakpoint
GRANT UPDATE (count, first_at, last_at, cursor) ON denied_groups TO creel_app;
