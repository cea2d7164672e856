-- What the generator cannot say.

ALTER TABLE device_logins FORCE ROW LEVEL SECURITY;--> statement-breakpoint

-- Of no org until somebody confirms one: the app role sees none of it. Those that are over are cleared.
GRANT SELECT, INSERT, UPDATE, DELETE ON device_logins TO creel_system;
