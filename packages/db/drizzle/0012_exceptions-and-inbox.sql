CREATE TABLE "agent_requests" (
	"org_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"sandbox_id" uuid NOT NULL,
	"binary" text NOT NULL,
	"sha256" text,
	"host" text NOT NULL,
	"port" integer NOT NULL,
	"method" text,
	"path" text,
	"reason" text NOT NULL,
	"state" text NOT NULL,
	"answer" text DEFAULT '' NOT NULL,
	"asked_at" timestamp with time zone NOT NULL,
	"decided_at" timestamp with time zone,
	"decided_by" text,
	"change_id" uuid,
	CONSTRAINT "agent_requests_org_id_id_pk" PRIMARY KEY("org_id","id")
);
--> statement-breakpoint
ALTER TABLE "agent_requests" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "egress_exceptions" (
	"org_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"sandbox_id" uuid NOT NULL,
	"change_id" uuid NOT NULL,
	"binary" text NOT NULL,
	"sha256" text,
	"host" text NOT NULL,
	"port" integer NOT NULL,
	"method" text,
	"path" text,
	"once" boolean NOT NULL,
	"reason" text NOT NULL,
	"granted_by" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"until" timestamp with time zone NOT NULL,
	"ended_at" timestamp with time zone,
	"ended_by" text,
	"first_used_at" timestamp with time zone,
	"last_used_at" timestamp with time zone,
	CONSTRAINT "egress_exceptions_org_id_id_pk" PRIMARY KEY("org_id","id")
);
--> statement-breakpoint
ALTER TABLE "egress_exceptions" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "inbox_marks" (
	"org_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"group_key" text NOT NULL,
	"kind" text NOT NULL,
	"reason" text NOT NULL,
	"by" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"ended_at" timestamp with time zone,
	CONSTRAINT "inbox_marks_org_id_id_pk" PRIMARY KEY("org_id","id")
);
--> statement-breakpoint
ALTER TABLE "inbox_marks" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "decisions" ADD COLUMN "group_key" text;--> statement-breakpoint
ALTER TABLE "agent_requests" ADD CONSTRAINT "agent_requests_org_id_sandbox_id_sandboxes_org_id_id_fk" FOREIGN KEY ("org_id","sandbox_id") REFERENCES "public"."sandboxes"("org_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "egress_exceptions" ADD CONSTRAINT "egress_exceptions_org_id_sandbox_id_sandboxes_org_id_id_fk" FOREIGN KEY ("org_id","sandbox_id") REFERENCES "public"."sandboxes"("org_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "inbox_marks" ADD CONSTRAINT "inbox_marks_org_id_orgs_id_fk" FOREIGN KEY ("org_id") REFERENCES "public"."orgs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "agent_requests_by_sandbox" ON "agent_requests" USING btree ("org_id","sandbox_id","asked_at");--> statement-breakpoint
CREATE INDEX "agent_requests_by_state" ON "agent_requests" USING btree ("org_id","state","asked_at");--> statement-breakpoint
CREATE INDEX "egress_exceptions_by_sandbox" ON "egress_exceptions" USING btree ("org_id","sandbox_id","until");--> statement-breakpoint
CREATE UNIQUE INDEX "inbox_marks_in_force" ON "inbox_marks" USING btree ("org_id","group_key") WHERE ended_at is null;--> statement-breakpoint
CREATE INDEX "decisions_denied" ON "decisions" USING btree ("org_id","sandbox_id","time","group_key","cursor") WHERE group_key is not null;--> statement-breakpoint
CREATE POLICY "agent_requests_tenant" ON "agent_requests" AS PERMISSIVE FOR ALL TO "creel_app" USING (org_id = nullif(current_setting('app.org_id', true), '')::uuid) WITH CHECK (org_id = nullif(current_setting('app.org_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "egress_exceptions_tenant" ON "egress_exceptions" AS PERMISSIVE FOR ALL TO "creel_app" USING (org_id = nullif(current_setting('app.org_id', true), '')::uuid) WITH CHECK (org_id = nullif(current_setting('app.org_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "inbox_marks_tenant" ON "inbox_marks" AS PERMISSIVE FOR ALL TO "creel_app" USING (org_id = nullif(current_setting('app.org_id', true), '')::uuid) WITH CHECK (org_id = nullif(current_setting('app.org_id', true), '')::uuid);