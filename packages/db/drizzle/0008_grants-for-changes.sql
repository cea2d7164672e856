-- What the generator cannot say. Every statement may run twice.
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['changes', 'change_parties', 'change_votes', 'change_reviews', 'approval_policies',
    'approval_delegations'] LOOP
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
  END LOOP;
END $$;--> statement-breakpoint

-- What was proposed, voted and passed over stays known: no DELETE anywhere here.
GRANT SELECT, INSERT, UPDATE ON changes, change_votes, change_reviews, approval_policies TO creel_app;--> statement-breakpoint
GRANT SELECT, INSERT ON change_parties TO creel_app;--> statement-breakpoint
GRANT SELECT, INSERT ON approval_delegations TO creel_app;--> statement-breakpoint
GRANT UPDATE (ended_at) ON approval_delegations TO creel_app;--> statement-breakpoint
-- Counting holds a voter's membership of teams with FOR SHARE, for which Postgres asks this right; nothing updates the column.
GRANT UPDATE (created_at) ON team_members TO creel_app;--> statement-breakpoint
-- Finding changes whose time has come.
GRANT SELECT (org_id, id, state, expires_at, apply_at, planned_at) ON changes TO creel_system;
