-- What the generator cannot say, and what must be copied before it is dropped.

-- The owner reads and writes rows of every org for the length of this migration.
ALTER TABLE memberships NO FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE api_tokens NO FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE users NO FORCE ROW LEVEL SECURITY;--> statement-breakpoint

-- The role of each membership becomes a grant over the whole org.
INSERT INTO role_grants (org_id, id, user_id, role, reason, granted_by, created_at)
SELECT org_id, gen_random_uuid(), user_id, role, 'Held since before roles were granted.', 'migration', created_at FROM memberships;--> statement-breakpoint

-- A key of an org in which nobody is left belongs to nobody, and opens nothing.
DELETE FROM api_tokens t WHERE NOT EXISTS (SELECT FROM memberships m WHERE m.org_id = t.org_id);--> statement-breakpoint
-- A key belongs to who made it; where that is not known any more, to the owner who has been there longest.
UPDATE api_tokens t SET owner_user_id = coalesce(
  (SELECT u.id FROM users u JOIN memberships m ON m.user_id = u.id WHERE m.org_id = t.org_id AND u.email = t.created_by),
  (SELECT m.user_id FROM memberships m WHERE m.org_id = t.org_id AND m.role = 'owner' ORDER BY m.created_at, m.user_id LIMIT 1),
  (SELECT m.user_id FROM memberships m WHERE m.org_id = t.org_id ORDER BY m.created_at, m.user_id LIMIT 1));--> statement-breakpoint
ALTER TABLE "api_tokens" ADD CONSTRAINT "api_tokens_one_owner" CHECK (num_nonnulls(owner_user_id, owner_service_account_id) = 1);--> statement-breakpoint
ALTER TABLE "api_tokens" ADD CONSTRAINT "api_tokens_one_bound" CHECK (num_nonnulls(role, permissions) = 1);--> statement-breakpoint
ALTER TABLE memberships DROP COLUMN role;--> statement-breakpoint

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['memberships', 'api_tokens', 'users', 'teams', 'team_members', 'service_accounts', 'custom_roles',
    'role_grants', 'invitations'] LOOP
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
  END LOOP;
END $$;--> statement-breakpoint

GRANT SELECT, INSERT, DELETE ON team_members TO creel_app;--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE ON teams, custom_roles, service_accounts, invitations TO creel_app;--> statement-breakpoint
-- A grant is ended and never rewritten: what somebody could do at some time stays known.
GRANT SELECT, INSERT ON role_grants TO creel_app;--> statement-breakpoint
GRANT UPDATE (ended_at, ended_by) ON role_grants TO creel_app;--> statement-breakpoint
-- Turning an invitation's token into its org.
GRANT SELECT ON invitations TO creel_system;
