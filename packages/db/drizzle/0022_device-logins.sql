CREATE TABLE "device_logins" (
	"id" uuid NOT NULL,
	"device_code_hash" text NOT NULL,
	"user_code_hash" text NOT NULL,
	"host_name" text NOT NULL,
	"source_address" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"interval_seconds" integer NOT NULL,
	"last_polled_at" timestamp with time zone,
	"verdict" text,
	"decided_at" timestamp with time zone,
	"by_user_id" uuid,
	"in_org_id" uuid,
	"role" text,
	"hours" integer,
	"taken_at" timestamp with time zone,
	CONSTRAINT "device_logins_id_pk" PRIMARY KEY("id"),
	CONSTRAINT "device_logins_device_code" UNIQUE("device_code_hash"),
	CONSTRAINT "device_logins_user_code" UNIQUE("user_code_hash"),
	CONSTRAINT "device_logins_verdict" CHECK (verdict in ('approved', 'denied')),
	CONSTRAINT "device_logins_decided" CHECK (num_nonnulls(verdict, decided_at, by_user_id, in_org_id) in (0, 4)),
	CONSTRAINT "device_logins_approved" CHECK (verdict is distinct from 'approved' or num_nonnulls(role, hours) = 2),
	CONSTRAINT "device_logins_taken" CHECK (taken_at is null or verdict = 'approved')
);
--> statement-breakpoint
ALTER TABLE "device_logins" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "api_tokens" ADD COLUMN "is_login" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "device_logins" ADD CONSTRAINT "device_logins_by_user_id_users_id_fk" FOREIGN KEY ("by_user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "device_logins" ADD CONSTRAINT "device_logins_in_org_id_orgs_id_fk" FOREIGN KEY ("in_org_id") REFERENCES "public"."orgs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "device_logins_by_end" ON "device_logins" USING btree ("expires_at");--> statement-breakpoint
CREATE POLICY "device_logins_system" ON "device_logins" AS PERMISSIVE FOR ALL TO "creel_system" USING (true) WITH CHECK (true);