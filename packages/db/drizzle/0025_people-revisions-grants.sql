ALTER TABLE people_revisions FORCE ROW LEVEL SECURITY;--> statement-breakpoint

GRANT SELECT, INSERT ON people_revisions TO creel_app;--> statement-breakpoint
GRANT UPDATE (revision) ON people_revisions TO creel_app;
