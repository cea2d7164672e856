-- What the generator cannot say.

ALTER TABLE identity_providers FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE identity_domains FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE user_identities FORCE ROW LEVEL SECURITY;--> statement-breakpoint
-- Nothing is deleted; of an identity only when it was last used changes, never whose it is.
GRANT SELECT, INSERT, UPDATE ON identity_providers, identity_domains TO creel_app;--> statement-breakpoint
GRANT SELECT, INSERT ON user_identities TO creel_app;--> statement-breakpoint
GRANT UPDATE (last_sign_in_at) ON user_identities TO creel_app;--> statement-breakpoint
-- At the door, before an org is known: whose domain an address is of, and whether its password still opens that org.
GRANT SELECT (org_id, id, domain, verified_at, removed_at) ON identity_domains TO creel_system;--> statement-breakpoint
GRANT SELECT (org_id, id, enforced, break_glass_user_id, removed_at) ON identity_providers TO creel_system;
