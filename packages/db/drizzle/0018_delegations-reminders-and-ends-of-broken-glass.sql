CREATE TABLE "person_notices" (
	"org_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"user_id" uuid NOT NULL,
	"topic" text NOT NULL,
	"title" text NOT NULL,
	"text" text NOT NULL,
	"path" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"seen_at" timestamp with time zone,
	CONSTRAINT "person_notices_org_id_id_pk" PRIMARY KEY("org_id","id")
);
--> statement-breakpoint
ALTER TABLE "person_notices" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "change_reviews" ADD COLUMN "ends_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "change_reviews" ADD COLUMN "ended_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "change_reviews" ADD COLUMN "ended_how" text;--> statement-breakpoint
ALTER TABLE "change_reviews" ADD COLUMN "ended_note" text;--> statement-breakpoint
ALTER TABLE "changes" ADD COLUMN "remind_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "changes" ADD COLUMN "remind_last_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "changes" ADD COLUMN "reminded_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "changes" ADD COLUMN "reminded_by" text;--> statement-breakpoint
ALTER TABLE "person_notices" ADD CONSTRAINT "person_notices_org_id_user_id_memberships_org_id_user_id_fk" FOREIGN KEY ("org_id","user_id") REFERENCES "public"."memberships"("org_id","user_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "person_notices_unseen" ON "person_notices" USING btree ("org_id","user_id","topic","path") WHERE seen_at is null;--> statement-breakpoint
CREATE UNIQUE INDEX "approval_delegations_one" ON "approval_delegations" USING btree ("org_id","from_user_id") WHERE ended_at is null;--> statement-breakpoint
CREATE INDEX "change_reviews_ending" ON "change_reviews" USING btree ("ends_at") WHERE ended_at is null;--> statement-breakpoint
CREATE INDEX "changes_to_remind" ON "changes" USING btree ("remind_at") WHERE state = 'open';--> statement-breakpoint
CREATE POLICY "change_reviews_system" ON "change_reviews" AS PERMISSIVE FOR ALL TO "creel_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "person_notices_tenant" ON "person_notices" AS PERMISSIVE FOR ALL TO "creel_app" USING (org_id = nullif(current_setting('app.org_id', true), '')::uuid) WITH CHECK (org_id = nullif(current_setting('app.org_id', true), '')::uuid);