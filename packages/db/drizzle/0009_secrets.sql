CREATE TABLE "secret_bindings" (
	"org_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"secret_id" uuid NOT NULL,
	"sandbox_id" uuid,
	"scope" jsonb,
	"created_by" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone,
	"ended_by" text,
	CONSTRAINT "secret_bindings_org_id_id_pk" PRIMARY KEY("org_id","id"),
	CONSTRAINT "secret_bindings_one_subject" CHECK (num_nonnulls(sandbox_id, scope) = 1)
);
--> statement-breakpoint
ALTER TABLE "secret_bindings" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "secret_versions" (
	"org_id" uuid NOT NULL,
	"secret_id" uuid NOT NULL,
	"version" integer NOT NULL,
	"kms_key_id" text,
	"wrapped_key" text,
	"sealed_value" text,
	"created_by" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ends_at" timestamp with time zone,
	"ended_at" timestamp with time zone,
	CONSTRAINT "secret_versions_org_id_secret_id_version_pk" PRIMARY KEY("org_id","secret_id","version"),
	CONSTRAINT "secret_versions_whole_or_ended" CHECK ((ended_at is null) = (sealed_value is not null) and num_nonnulls(kms_key_id, wrapped_key, sealed_value) in (0, 3))
);
--> statement-breakpoint
ALTER TABLE "secret_versions" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "secrets" (
	"org_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"name" text NOT NULL,
	"description" text NOT NULL,
	"latest_version" integer NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	"last_used_at" timestamp with time zone,
	"removed_at" timestamp with time zone,
	CONSTRAINT "secrets_org_id_id_pk" PRIMARY KEY("org_id","id")
);
--> statement-breakpoint
ALTER TABLE "secrets" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "decisions" ADD COLUMN "credentials" jsonb;--> statement-breakpoint
ALTER TABLE "secret_bindings" ADD CONSTRAINT "secret_bindings_org_id_secret_id_secrets_org_id_id_fk" FOREIGN KEY ("org_id","secret_id") REFERENCES "public"."secrets"("org_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "secret_bindings" ADD CONSTRAINT "secret_bindings_org_id_sandbox_id_sandboxes_org_id_id_fk" FOREIGN KEY ("org_id","sandbox_id") REFERENCES "public"."sandboxes"("org_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "secret_versions" ADD CONSTRAINT "secret_versions_org_id_secret_id_secrets_org_id_id_fk" FOREIGN KEY ("org_id","secret_id") REFERENCES "public"."secrets"("org_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "secrets" ADD CONSTRAINT "secrets_org_id_orgs_id_fk" FOREIGN KEY ("org_id") REFERENCES "public"."orgs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "secret_bindings_by_secret" ON "secret_bindings" USING btree ("org_id","secret_id");--> statement-breakpoint
CREATE INDEX "secret_bindings_by_sandbox" ON "secret_bindings" USING btree ("org_id","sandbox_id");--> statement-breakpoint
CREATE INDEX "secret_versions_by_end" ON "secret_versions" USING btree ("org_id","ends_at") WHERE ended_at is null and ends_at is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "secrets_name" ON "secrets" USING btree ("org_id","name") WHERE removed_at is null;--> statement-breakpoint
CREATE POLICY "secret_bindings_tenant" ON "secret_bindings" AS PERMISSIVE FOR ALL TO "creel_app" USING (org_id = nullif(current_setting('app.org_id', true), '')::uuid) WITH CHECK (org_id = nullif(current_setting('app.org_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "secret_versions_tenant" ON "secret_versions" AS PERMISSIVE FOR ALL TO "creel_app" USING (org_id = nullif(current_setting('app.org_id', true), '')::uuid) WITH CHECK (org_id = nullif(current_setting('app.org_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "secret_versions_system" ON "secret_versions" AS PERMISSIVE FOR ALL TO "creel_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "secrets_tenant" ON "secrets" AS PERMISSIVE FOR ALL TO "creel_app" USING (org_id = nullif(current_setting('app.org_id', true), '')::uuid) WITH CHECK (org_id = nullif(current_setting('app.org_id', true), '')::uuid);