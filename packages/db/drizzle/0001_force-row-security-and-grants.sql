-- What the generator cannot say. Every statement may run twice.

-- Not even the owner of a tenant table sees rows of an org it did not name.
DO $$
DECLARE t record;
BEGIN
  FOR t IN
    SELECT c.oid::regclass AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')
  LOOP
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t.name);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', t.name);
  END LOOP;
END $$;--> statement-breakpoint

-- Catches rows whose month has no partition yet; `ensurePartitions` moves them out when it makes one.
CREATE TABLE IF NOT EXISTS decisions_default PARTITION OF decisions DEFAULT;--> statement-breakpoint
ALTER TABLE decisions_default ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE decisions_default FORCE ROW LEVEL SECURITY;--> statement-breakpoint

REVOKE ALL ON SCHEMA public FROM PUBLIC;--> statement-breakpoint
GRANT USAGE ON SCHEMA public TO creel_app, creel_system;--> statement-breakpoint

-- The app role: rows of one org at a time, and of each table only what the verbs need. No DELETE where history is.
GRANT SELECT ON orgs TO creel_app;--> statement-breakpoint
GRANT SELECT (id, email, name, created_at, disabled_at) ON users TO creel_app;--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON memberships TO creel_app;--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE ON sessions, api_tokens, nodes, enroll_secrets, org_keys TO creel_app;--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE ON policies, sandboxes, plans, commands, decision_cursors TO creel_app;--> statement-breakpoint
GRANT SELECT, INSERT ON policy_versions, audit_events TO creel_app;--> statement-breakpoint
GRANT SELECT, INSERT, DELETE ON sandbox_logs TO creel_app;--> statement-breakpoint
GRANT SELECT, INSERT ON decisions TO creel_app;--> statement-breakpoint
-- What a flow carried is known only at its end; the rest of a decision never changes.
GRANT UPDATE (bytes_in, bytes_out, duration_ms) ON decisions TO creel_app;--> statement-breakpoint

-- The system role: turning a credential into an org, and finding work across orgs. It is a list, not a bypass.
GRANT SELECT, INSERT ON orgs TO creel_system;--> statement-breakpoint
GRANT SELECT, INSERT ON users TO creel_system;--> statement-breakpoint
GRANT UPDATE (password_hash, name) ON users TO creel_system;--> statement-breakpoint
GRANT SELECT ON memberships, sessions, api_tokens, enroll_secrets TO creel_system;--> statement-breakpoint
GRANT UPDATE (last_used_at, revoked_at) ON sessions TO creel_system;--> statement-breakpoint
GRANT UPDATE (last_used_at) ON api_tokens TO creel_system;--> statement-breakpoint
GRANT SELECT (org_id, id, node_id, state, claimed_until, created_at) ON plans TO creel_system;--> statement-breakpoint
GRANT SELECT (org_id, id, node_id, state, created_at, expires_at) ON commands TO creel_system;
