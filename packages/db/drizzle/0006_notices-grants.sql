-- What the generator cannot say.

ALTER TABLE notice_channels FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE notice_deliveries FORCE ROW LEVEL SECURITY;--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE ON notice_channels, notice_deliveries TO creel_app;--> statement-breakpoint
-- Old deliveries are forgotten; what was told stays in the audit of what happened.
GRANT DELETE ON notice_deliveries TO creel_app;--> statement-breakpoint
-- Finding what is due in all orgs; what it says is read inside its org.
GRANT SELECT (org_id, id, state, due_at, claimed_until) ON notice_deliveries TO creel_system;
