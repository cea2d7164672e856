ALTER TABLE "api_tokens" ADD COLUMN "kin_id" uuid;--> statement-breakpoint
ALTER TABLE "api_tokens" ADD COLUMN "maker_kin_ids" uuid[] DEFAULT '{}'::uuid[] NOT NULL;--> statement-breakpoint
ALTER TABLE "orgs" ADD COLUMN "root_org_id" uuid;--> statement-breakpoint
ALTER TABLE "orgs" ADD CONSTRAINT "orgs_root_org_id_orgs_id_fk" FOREIGN KEY ("root_org_id") REFERENCES "public"."orgs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "api_tokens_working" ON "api_tokens" USING btree ("org_id","expires_at") WHERE revoked_at is null;--> statement-breakpoint
CREATE INDEX "api_tokens_by_owner" ON "api_tokens" USING btree ("org_id","owner_user_id","id");--> statement-breakpoint

-- What was known by walking all rotations and the audit trail is known by the rows from here on.
-- The owner reads rows of every org for the length of this migration.
ALTER TABLE api_tokens NO FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE audit_events NO FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE orgs NO FORCE ROW LEVEL SECURITY;--> statement-breakpoint
WITH RECURSIVE kin AS (
  SELECT t.org_id, t.id, t.id AS kin_id FROM api_tokens t
    WHERE NOT EXISTS (SELECT FROM api_tokens f WHERE f.org_id = t.org_id AND f.id = t.rotated_from)
  UNION ALL
  SELECT t.org_id, t.id, kin.kin_id FROM api_tokens t JOIN kin ON t.org_id = kin.org_id AND t.rotated_from = kin.id
)
UPDATE api_tokens t SET kin_id = kin.kin_id FROM kin WHERE kin.org_id = t.org_id AND kin.id = t.id;--> statement-breakpoint
ALTER TABLE "api_tokens" ALTER COLUMN "kin_id" SET NOT NULL;--> statement-breakpoint
WITH RECURSIVE made AS (
  SELECT e.org_id, f.id AS "from", f.kin_id, t.id AS "to" FROM audit_events e
    JOIN api_tokens f ON f.org_id = e.org_id AND f.id::text = e.actor_id
    JOIN api_tokens t ON t.org_id = e.org_id AND t.id::text = e.resource_id
    WHERE e.resource_kind = 'token' AND e.actor_kind = 'apiKey' AND e.action IN ('token.create', 'token.rotate')
), onward AS (
  SELECT org_id, "from", "to" FROM made
  UNION
  SELECT org_id, rotated_from, id FROM api_tokens WHERE rotated_from IS NOT NULL
), ends AS (
  SELECT org_id, "to" AS id, kin_id FROM made
  UNION
  SELECT ends.org_id, onward."to", ends.kin_id FROM ends JOIN onward ON onward.org_id = ends.org_id AND onward."from" = ends.id
), makers AS (
  SELECT ends.org_id, ends.id, array_agg(DISTINCT ends.kin_id) AS kin_ids FROM ends
    JOIN api_tokens t ON t.org_id = ends.org_id AND t.id = ends.id WHERE t.kin_id <> ends.kin_id GROUP BY 1, 2
)
UPDATE api_tokens t SET maker_kin_ids = makers.kin_ids FROM makers WHERE makers.org_id = t.org_id AND makers.id = t.id;--> statement-breakpoint
WITH RECURSIVE founded AS (
  SELECT org_id AS "from", resource_id AS "to" FROM audit_events
    WHERE action = 'org.create' AND resource_kind = 'org' AND resource_id <> org_id::text
), roots AS (
  SELECT o.id, o.id AS root_org_id FROM orgs o WHERE NOT EXISTS (SELECT FROM founded f WHERE f."to" = o.id::text)
  UNION
  SELECT o.id, roots.root_org_id FROM roots JOIN founded f ON f."from" = roots.id JOIN orgs o ON o.id::text = f."to"
)
UPDATE orgs o SET root_org_id = roots.root_org_id FROM roots WHERE roots.id = o.id AND roots.root_org_id <> o.id;--> statement-breakpoint
ALTER TABLE api_tokens FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE audit_events FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE orgs FORCE ROW LEVEL SECURITY;
