DROP INDEX "denied_groups_by_last";--> statement-breakpoint
ALTER TABLE "denied_groups" ADD COLUMN "first_cursor" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "inbox_marks" ADD COLUMN "cursor" bigint;--> statement-breakpoint
CREATE INDEX "denied_groups_by_first" ON "denied_groups" USING btree ("org_id","sandbox_id","first_cursor");--> statement-breakpoint
CREATE INDEX "denied_groups_by_day" ON "denied_groups" USING btree ("day");