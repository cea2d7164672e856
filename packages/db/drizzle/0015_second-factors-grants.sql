ALTER TABLE user_totp FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE user_recovery_codes FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE auth_tries FORCE ROW LEVEL SECURITY;--> statement-breakpoint

-- Of people and of no org: the app role sees none of it.
GRANT SELECT, INSERT, UPDATE, DELETE ON user_totp, user_recovery_codes, auth_tries TO creel_system;
