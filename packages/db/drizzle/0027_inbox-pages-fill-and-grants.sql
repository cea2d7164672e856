-- Of what is counted already the first decision is not known; its newest comes closest. The owner reads rows of every org for this length.
ALTER TABLE denied_groups NO FORCE ROW LEVEL SECURITY;--> statement-breakpoint
UPDATE denied_groups SET first_cursor = cursor WHERE first_cursor = 0;--> statement-breakpoint
ALTER TABLE denied_groups FORCE ROW LEVEL SECURITY;--> statement-breakpoint

-- What an agent asks again is a new request, with its own reason and time.
GRANT UPDATE (reason, asked_at) ON agent_requests TO creel_app;--> statement-breakpoint
-- Whose days are over; nothing of what was denied.
GRANT SELECT (org_id, sandbox_id, day) ON denied_groups TO creel_system;
