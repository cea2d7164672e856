ALTER TABLE secrets FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE secret_versions FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE secret_bindings FORCE ROW LEVEL SECURITY;--> statement-breakpoint

-- Nothing is deleted: decisions name secrets that are gone. A value is never changed, only emptied or wrapped under another key.
GRANT SELECT, INSERT ON secrets, secret_versions, secret_bindings TO creel_app;--> statement-breakpoint
GRANT UPDATE (description, latest_version, updated_at, last_used_at, removed_at) ON secrets TO creel_app;--> statement-breakpoint
GRANT UPDATE (kms_key_id, wrapped_key, sealed_value, ends_at, ended_at) ON secret_versions TO creel_app;--> statement-breakpoint
GRANT UPDATE (ended_at, ended_by) ON secret_bindings TO creel_app;--> statement-breakpoint
-- Which org has a version whose time is over; nothing of what is in it.
GRANT SELECT (org_id, secret_id, version, ends_at, ended_at) ON secret_versions TO creel_system;
