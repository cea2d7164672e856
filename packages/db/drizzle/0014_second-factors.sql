CREATE TABLE "auth_tries" (
	"key" text NOT NULL,
	"count" integer NOT NULL,
	"window_ends_at" timestamp with time zone NOT NULL,
	CONSTRAINT "auth_tries_key_pk" PRIMARY KEY("key")
);
--> statement-breakpoint
ALTER TABLE "auth_tries" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "user_recovery_codes" (
	"user_id" uuid NOT NULL,
	"code_hash" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"used_at" timestamp with time zone,
	CONSTRAINT "user_recovery_codes_user_id_code_hash_pk" PRIMARY KEY("user_id","code_hash")
);
--> statement-breakpoint
ALTER TABLE "user_recovery_codes" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "user_totp" (
	"user_id" uuid NOT NULL,
	"sealed_secret" text,
	"last_step" bigint,
	"confirmed_at" timestamp with time zone,
	"pending_secret" text,
	"pending_at" timestamp with time zone,
	CONSTRAINT "user_totp_user_id_pk" PRIMARY KEY("user_id")
);
--> statement-breakpoint
ALTER TABLE "user_totp" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "proved_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "user_recovery_codes" ADD CONSTRAINT "user_recovery_codes_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "user_totp" ADD CONSTRAINT "user_totp_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE POLICY "auth_tries_system" ON "auth_tries" AS PERMISSIVE FOR ALL TO "creel_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "user_recovery_codes_system" ON "user_recovery_codes" AS PERMISSIVE FOR ALL TO "creel_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "user_totp_system" ON "user_totp" AS PERMISSIVE FOR ALL TO "creel_system" USING (true) WITH CHECK (true);