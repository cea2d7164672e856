ALTER TABLE "sandboxes" ADD COLUMN IF NOT EXISTS "end_by" text DEFAULT 'grace' NOT NULL;--> statement-breakpoint
ALTER TABLE "sandboxes" ADD COLUMN IF NOT EXISTS "releases" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "sandboxes" ADD COLUMN IF NOT EXISTS "hold" jsonb;
