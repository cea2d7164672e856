ALTER TABLE egress_exceptions FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE inbox_marks FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE agent_requests FORCE ROW LEVEL SECURITY;--> statement-breakpoint

-- What was granted, asked and dismissed stays known. An exception is never made wider or longer: only its end and its use are written.
GRANT SELECT, INSERT ON egress_exceptions, inbox_marks, agent_requests TO creel_app;--> statement-breakpoint
GRANT UPDATE (ended_at, ended_by, first_used_at, last_used_at) ON egress_exceptions TO creel_app;--> statement-breakpoint
GRANT UPDATE (ended_at) ON inbox_marks TO creel_app;--> statement-breakpoint
GRANT UPDATE (state, answer, decided_at, decided_by, change_id) ON agent_requests TO creel_app;
