CREATE TABLE "denied_groups" (
	"org_id" uuid NOT NULL,
	"sandbox_id" uuid NOT NULL,
	"day" date NOT NULL,
	"group_key" text NOT NULL,
	"count" integer NOT NULL,
	"first_at" timestamp with time zone NOT NULL,
	"last_at" timestamp with time zone NOT NULL,
	"cursor" bigint NOT NULL,
	CONSTRAINT "denied_groups_org_id_sandbox_id_day_group_key_pk" PRIMARY KEY("org_id","sandbox_id","day","group_key")
);
--> statement-breakpoint
ALTER TABLE "denied_groups" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
DROP INDEX "decisions_denied";--> statement-breakpoint
DROP INDEX "inbox_marks_in_force";--> statement-breakpoint
ALTER TABLE "inbox_marks" ADD COLUMN "sandbox_id" uuid;--> statement-breakpoint
ALTER TABLE "denied_groups" ADD CONSTRAINT "denied_groups_org_id_sandbox_id_sandboxes_org_id_id_fk" FOREIGN KEY ("org_id","sandbox_id") REFERENCES "public"."sandboxes"("org_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "denied_groups_by_last" ON "denied_groups" USING btree ("org_id","sandbox_id","last_at");--> statement-breakpoint
CREATE INDEX "denied_groups_by_key" ON "denied_groups" USING btree ("org_id","group_key","sandbox_id");--> statement-breakpoint
ALTER TABLE "inbox_marks" ADD CONSTRAINT "inbox_marks_org_id_sandbox_id_sandboxes_org_id_id_fk" FOREIGN KEY ("org_id","sandbox_id") REFERENCES "public"."sandboxes"("org_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "inbox_marks_of_sandbox" ON "inbox_marks" USING btree ("org_id","group_key","sandbox_id") WHERE ended_at is null and sandbox_id is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "inbox_marks_in_force" ON "inbox_marks" USING btree ("org_id","group_key") WHERE ended_at is null and sandbox_id is null;--> statement-breakpoint
CREATE POLICY "denied_groups_tenant" ON "denied_groups" AS PERMISSIVE FOR ALL TO "creel_app" USING (org_id = nullif(current_setting('app.org_id', true), '')::uuid) WITH CHECK (org_id = nullif(current_setting('app.org_id', true), '')::uuid);