ALTER TABLE person_notices FORCE ROW LEVEL SECURITY;--> statement-breakpoint

-- What somebody was told stays told: only that they saw it is written afterwards, or that it happened again before they did.
GRANT SELECT, INSERT ON person_notices TO creel_app;--> statement-breakpoint
GRANT UPDATE (seen_at, title, text, created_at) ON person_notices TO creel_app;--> statement-breakpoint

-- Finding changes whose people are to be reminded, and what was applied by break-glass and whose time is over.
GRANT SELECT (remind_at) ON changes TO creel_system;--> statement-breakpoint
GRANT SELECT (org_id, change_id, ends_at, ended_at) ON change_reviews TO creel_system;
