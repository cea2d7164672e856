import type { ExceptionScope } from "@creel/protocol";

/** What a sandbox may reach for a while beside its policy. */
export interface ExceptionView extends ExceptionScope {
  id: string;
  sandboxId: string;
  sandboxName: string;
  changeId: string;
  once: boolean;
  reason: string;
  grantedBy: string;
  createdAt: string;
  until: string;
  /** `active` until its end; `used` when it was for once. */
  state: "active" | "used" | "over" | "ended";
  endedAt: string | null;
  endedBy: string | null;
  firstUsedAt: string | null;
  lastUsedAt: string | null;
}

/** Denied requests that differ in nothing but identifiers in the path. */
export interface DeniedGroup {
  key: string;
  host: string;
  port: number;
  binary: string | null;
  method: string | null;
  /** The path with `*` in the place of each identifier. */
  pathPattern: string | null;
  /** Different things of one sandbox that floods, counted together; host, method and path are those of the newest. */
  others: boolean;
  count: number;
  firstAt: string;
  lastAt: string;
  sandboxes: { id: string; name: string }[];
  sandboxCount: number;
  /** Of the newest. */
  decisionId: string;
  rule: string | null;
  reason: string;
  /** Counts of each day (UTC) that the time asked about touches, the oldest first. */
  trend: number[];
  /** Why no exception can allow it, as a sentence; null when one may. */
  notAllowable: string | null;
  mark: { kind: "dismissed" | "handled"; reason: string; by: string; at: string } | null;
}

/** What an agent asks for; `reason` is a claim of the agent. */
export interface AgentRequestView extends ExceptionScope {
  id: string;
  sandboxId: string;
  sandboxName: string;
  reason: string;
  state: AgentRequestState;
  answer: string;
  askedAt: string;
  decidedAt: string | null;
  decidedBy: string | null;
  changeId: string | null;
}
export type AgentRequestState = "waiting" | "proposed" | "allowed" | "denied" | "over";
