CREATE TABLE "approval_delegations" (
	"org_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"from_user_id" uuid NOT NULL,
	"to_user_id" uuid NOT NULL,
	"reason" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"until" timestamp with time zone NOT NULL,
	"ended_at" timestamp with time zone,
	CONSTRAINT "approval_delegations_org_id_id_pk" PRIMARY KEY("org_id","id")
);
--> statement-breakpoint
ALTER TABLE "approval_delegations" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "approval_policies" (
	"org_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"name" text NOT NULL,
	"mode" text NOT NULL,
	"spec" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	"removed_at" timestamp with time zone,
	CONSTRAINT "approval_policies_org_id_id_pk" PRIMARY KEY("org_id","id")
);
--> statement-breakpoint
ALTER TABLE "approval_policies" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "change_parties" (
	"org_id" uuid NOT NULL,
	"change_id" uuid NOT NULL,
	"user_id" uuid NOT NULL,
	"part" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "change_parties_org_id_change_id_user_id_part_pk" PRIMARY KEY("org_id","change_id","user_id","part")
);
--> statement-breakpoint
ALTER TABLE "change_parties" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "change_reviews" (
	"org_id" uuid NOT NULL,
	"change_id" uuid NOT NULL,
	"reason" text NOT NULL,
	"broken_by_user_id" uuid NOT NULL,
	"broken_by" text NOT NULL,
	"skipped" jsonb NOT NULL,
	"opened_at" timestamp with time zone NOT NULL,
	"due_at" timestamp with time zone NOT NULL,
	"closed_at" timestamp with time zone,
	"closed_by_user_id" uuid,
	"closed_by" text,
	"verdict" text,
	"note" text,
	CONSTRAINT "change_reviews_org_id_change_id_pk" PRIMARY KEY("org_id","change_id")
);
--> statement-breakpoint
ALTER TABLE "change_reviews" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "change_votes" (
	"org_id" uuid NOT NULL,
	"change_id" uuid NOT NULL,
	"digest" text NOT NULL,
	"voter_id" uuid NOT NULL,
	"voter" text NOT NULL,
	"verdict" text NOT NULL,
	"comment" text NOT NULL,
	"order" bigint NOT NULL,
	"cast_at" timestamp with time zone NOT NULL,
	CONSTRAINT "change_votes_org_id_change_id_digest_voter_id_pk" PRIMARY KEY("org_id","change_id","digest","voter_id")
);
--> statement-breakpoint
ALTER TABLE "change_votes" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "changes" (
	"org_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"kind" text NOT NULL,
	"subject" text NOT NULL,
	"title" text NOT NULL,
	"message" text NOT NULL,
	"content" jsonb NOT NULL,
	"digest" text NOT NULL,
	"base" jsonb NOT NULL,
	"base_digest" text NOT NULL,
	"state" text NOT NULL,
	"risk" text NOT NULL,
	"touches" jsonb NOT NULL,
	"author_user_id" uuid,
	"author" text NOT NULL,
	"revision" integer NOT NULL,
	"last_vote" bigint NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"apply_at" timestamp with time zone,
	"ended_at" timestamp with time zone,
	"ended_by" text,
	"ended_reason" text,
	"result" jsonb,
	"would_block" jsonb,
	"planned_at" timestamp with time zone,
	CONSTRAINT "changes_org_id_id_pk" PRIMARY KEY("org_id","id")
);
--> statement-breakpoint
ALTER TABLE "changes" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "approval_delegations" ADD CONSTRAINT "approval_delegations_org_id_from_user_id_memberships_org_id_user_id_fk" FOREIGN KEY ("org_id","from_user_id") REFERENCES "public"."memberships"("org_id","user_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "approval_delegations" ADD CONSTRAINT "approval_delegations_org_id_to_user_id_memberships_org_id_user_id_fk" FOREIGN KEY ("org_id","to_user_id") REFERENCES "public"."memberships"("org_id","user_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "approval_policies" ADD CONSTRAINT "approval_policies_org_id_orgs_id_fk" FOREIGN KEY ("org_id") REFERENCES "public"."orgs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "change_parties" ADD CONSTRAINT "change_parties_org_id_change_id_changes_org_id_id_fk" FOREIGN KEY ("org_id","change_id") REFERENCES "public"."changes"("org_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "change_reviews" ADD CONSTRAINT "change_reviews_org_id_change_id_changes_org_id_id_fk" FOREIGN KEY ("org_id","change_id") REFERENCES "public"."changes"("org_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "change_votes" ADD CONSTRAINT "change_votes_org_id_change_id_changes_org_id_id_fk" FOREIGN KEY ("org_id","change_id") REFERENCES "public"."changes"("org_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "changes" ADD CONSTRAINT "changes_org_id_orgs_id_fk" FOREIGN KEY ("org_id") REFERENCES "public"."orgs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "approval_delegations_by_from" ON "approval_delegations" USING btree ("org_id","from_user_id");--> statement-breakpoint
CREATE INDEX "approval_delegations_by_to" ON "approval_delegations" USING btree ("org_id","to_user_id");--> statement-breakpoint
CREATE UNIQUE INDEX "approval_policies_name" ON "approval_policies" USING btree ("org_id","name") WHERE removed_at is null;--> statement-breakpoint
CREATE INDEX "change_reviews_open" ON "change_reviews" USING btree ("org_id","closed_at");--> statement-breakpoint
CREATE INDEX "changes_by_state" ON "changes" USING btree ("org_id","state","id");--> statement-breakpoint
CREATE INDEX "changes_by_subject" ON "changes" USING btree ("org_id","subject","state");--> statement-breakpoint
CREATE INDEX "changes_waiting" ON "changes" USING btree ("state","expires_at");--> statement-breakpoint
CREATE POLICY "approval_delegations_tenant" ON "approval_delegations" AS PERMISSIVE FOR ALL TO "creel_app" USING (org_id = nullif(current_setting('app.org_id', true), '')::uuid) WITH CHECK (org_id = nullif(current_setting('app.org_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "approval_policies_tenant" ON "approval_policies" AS PERMISSIVE FOR ALL TO "creel_app" USING (org_id = nullif(current_setting('app.org_id', true), '')::uuid) WITH CHECK (org_id = nullif(current_setting('app.org_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "change_parties_tenant" ON "change_parties" AS PERMISSIVE FOR ALL TO "creel_app" USING (org_id = nullif(current_setting('app.org_id', true), '')::uuid) WITH CHECK (org_id = nullif(current_setting('app.org_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "change_reviews_tenant" ON "change_reviews" AS PERMISSIVE FOR ALL TO "creel_app" USING (org_id = nullif(current_setting('app.org_id', true), '')::uuid) WITH CHECK (org_id = nullif(current_setting('app.org_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "change_votes_tenant" ON "change_votes" AS PERMISSIVE FOR ALL TO "creel_app" USING (org_id = nullif(current_setting('app.org_id', true), '')::uuid) WITH CHECK (org_id = nullif(current_setting('app.org_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "changes_tenant" ON "changes" AS PERMISSIVE FOR ALL TO "creel_app" USING (org_id = nullif(current_setting('app.org_id', true), '')::uuid) WITH CHECK (org_id = nullif(current_setting('app.org_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "changes_system" ON "changes" AS PERMISSIVE FOR ALL TO "creel_system" USING (true) WITH CHECK (true);