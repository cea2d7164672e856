CREATE TABLE "people_revisions" (
	"org_id" uuid NOT NULL,
	"revision" bigint NOT NULL,
	CONSTRAINT "people_revisions_org_id_pk" PRIMARY KEY("org_id")
);
--> statement-breakpoint
ALTER TABLE "people_revisions" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "people_revisions" ADD CONSTRAINT "people_revisions_org_id_orgs_id_fk" FOREIGN KEY ("org_id") REFERENCES "public"."orgs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE POLICY "people_revisions_tenant" ON "people_revisions" AS PERMISSIVE FOR ALL TO "creel_app" USING (org_id = nullif(current_setting('app.org_id', true), '')::uuid) WITH CHECK (org_id = nullif(current_setting('app.org_id', true), '')::uuid);