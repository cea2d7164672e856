import type { Explanation, PolicyProblem, ReplayResult } from "@creel/policy";
import type {
  AgentSpec,
  DecisionRecord,
  DesiredState,
  HostCapabilities,
  Limits,
  ModelInfo,
  SandboxStatus,
} from "@creel/protocol";
import type { Labels, Scope } from "./authz/grant.ts";
import type { Action, Permission, ResourceKind, Role } from "./authz/roles.ts";
import type { NodeState } from "./node/state.ts";
import type { NoticeTopic } from "./notice/topics.ts";
import type { PlanState } from "./plan/state.ts";

/** What verbs answer: plain JSON, instants as ISO 8601 strings in UTC. */

export interface NodeView {
  id: string;
  name: string;
  labels: Labels;
  state: NodeState;
  /** A socket is open and the last heartbeat is fresh. */
  connected: boolean;
  lastSeenAt: string | null;
  agentVersion: string | null;
  capabilities: HostCapabilities | null;
  model: ModelInfo | null;
  /** Generation the node says it has in force, and the newest one planned for it. */
  generation: number;
  desiredGeneration: number;
  sandboxCount: number;
  certificateExpiresAt: string | null;
  enrolledAt: string;
}

export interface PolicyView {
  id: string;
  name: string;
  labels: Labels;
  latestVersion: number;
  digest: string;
  sandboxCount: number;
  createdAt: string;
  updatedAt: string;
}
export interface PolicyDetail extends PolicyView {
  yaml: string;
}
export interface PolicyVersionView {
  policyId: string;
  version: number;
  digest: string;
  message: string;
  author: string;
  createdAt: string;
}
export interface PolicyVersionDetail extends PolicyVersionView {
  yaml: string;
}
export interface LintResult {
  ok: boolean;
  digest: string | null;
  problems: PolicyProblem[];
}

export interface SandboxView {
  id: string;
  name: string;
  /** Its own under its node's. */
  labels: Labels;
  nodeId: string;
  nodeName: string;
  nodeConnected: boolean;
  policyId: string;
  policyName: string;
  /** The newest saved version; compare `policyDigest` with `status.policyDigest` to see whether it is in force. */
  policyVersion: number;
  policyDigest: string;
  desiredState: "running" | "stopped" | "quarantined";
  /** Who killed or quarantined it last, and why; null when nobody did since it was last meant to run. */
  hold: SandboxHold | null;
  incarnation: number;
  agent: AgentSpec;
  restart: { policy: "never" | "on-failure" | "always"; delayMs: number };
  limits: Limits;
  status: SandboxStatus | null;
  createdAt: string;
}
export interface SandboxHold {
  by: string;
  reason: string;
  at: string;
}
/** What a kill switch touched. */
export interface KillResult {
  sandboxes: { id: string; name: string; nodeId: string; nodeName: string; nodeConnected: boolean }[];
}
export interface LogChunk {
  /** Where this piece ends in the sandbox's whole log; pass the last one back as `afterOffset`. */
  endOffset: number;
  incarnation: number;
  data: string;
  /** Bytes lost before this piece. */
  dropped: number;
  at: string;
}

export interface PlanView {
  id: string;
  nodeId: string;
  nodeName: string;
  generation: number;
  parent: number;
  state: PlanState;
  cause: string;
  reason: string | null;
  digest: string;
  createdAt: string;
  sentAt: string | null;
  finishedAt: string | null;
}
export interface PlanDetail extends PlanView {
  content: DesiredState;
}

/** A decision record with its place in the org's feed. `id` is `cursor` as text. */
export interface DecisionView extends DecisionRecord {
  id: string;
  /** Grows with every stored decision of the org, in commit order: the resume point of a feed. */
  cursor: number;
  boot: string;
  nodeId: string;
  sandboxId: string;
}
export interface TimelineBucket {
  at: string;
  allow: number;
  deny: number;
  would_deny: number;
}
export interface ReachedHost {
  host: string;
  port: number;
  allow: number;
  deny: number;
  would_deny: number;
  lastAt: string;
}

export interface AuditView {
  id: string;
  at: string;
  action: string;
  actor: { kind: "user" | "apiKey" | "node" | "system"; id: string | null; label: string };
  resource: { kind: string; id: string | null; label: string };
  /** Field by field; a secret field shows that it changed and never what it is. */
  changes: Record<string, { from?: unknown; to?: unknown }>;
  requestId: string;
  source: string | null;
}

export interface TokenView {
  id: string;
  name: string;
  owner: { kind: "user" | "service_account"; id: string; label: string };
  /** At most what this built-in role may; null when `permissions` says it. */
  role: Role | null;
  /** At most these; null when `role` says it. */
  permissions: Permission[] | null;
  scope: Scope | null;
  /** The public part, as it stands in the token: `creel_<prefix>_…`. */
  prefix: string;
  /** The key in whose place this one was made. */
  rotatedFrom: string | null;
  /** How many other keys that still work a revocation ends with it: rotated to or from it, and made by these. */
  endsWithIt: { rotated: number; made: number };
  createdAt: string;
  lastUsedAt: string | null;
  expiresAt: string | null;
  revokedAt: string | null;
}
/** Everything of a secret but what is in it. */
export interface SecretView {
  id: string;
  name: string;
  description: string;
  /** The newest; values before it are known until `formerUntil`. */
  version: number;
  formerUntil: string | null;
  createdBy: string;
  createdAt: string;
  rotatedAt: string;
  /** When a request last carried it out; a few seconds coarse. */
  lastUsedAt: string | null;
  bindings: number;
}
export interface SecretVersionView {
  version: number;
  createdBy: string;
  createdAt: string;
  endsAt: string | null;
  /** From then on nobody can read it any more. */
  endedAt: string | null;
  /** Wrapped under a key of the deployment that is no longer the newest. */
  formerKey: boolean;
}
export interface SecretBindingView {
  id: string;
  /** Null where it binds by labels, or names a sandbox that one may not see. */
  sandboxId: string | null;
  sandboxName: string | null;
  scope: Record<string, string[]> | null;
  createdBy: string;
  createdAt: string;
}
/** A sandbox that may use a secret, and where its policy lets it go: nowhere when `places` is empty. */
export interface SecretUserView {
  id: string;
  name: string;
  nodeName: string;
  policyId: string;
  policyName: string;
  /** What stands in the sandbox's environment. */
  placeholder: string;
  places: { host: string; ports: readonly number[]; path?: string | undefined }[];
}
export interface SecretDetail extends SecretView {
  versions: SecretVersionView[];
  bound: SecretBindingView[];
  users: SecretUserView[];
}
/** What a person proves with besides their password. */
export interface FactorsView {
  /** Since when a code is asked for at each sign-in; null while none is. */
  totpSince: string | null;
  recoveryCodesLeft: number;
  /** Until when this sign-in may do what asks for proof; null when it has to prove anew. */
  provedUntil: string | null;
  hasPassword: boolean;
  /** The identity provider that began this sign-in, and that alone proves it; null where a password does. */
  provider: { name: string } | null;
}
export interface SessionView {
  id: string;
  userAgent: string | null;
  source: string | null;
  createdAt: string;
  lastUsedAt: string;
  expiresAt: string;
  current: boolean;
}
export interface SignedIn {
  token: string;
  expiresAt: string;
  user: { id: string; email: string; name: string };
  org: { id: string; slug: string; name: string };
}
/** To a command line that asks to be signed in; both codes are in this answer and nowhere else. */
export interface DeviceLoginBegun {
  deviceCode: string;
  userCode: string;
  /** Of this site: where a person types the code. */
  page: string;
  expiresInSeconds: number;
  intervalSeconds: number;
}
/** What waits with a code. What the program says of itself is a claim. */
export interface DeviceLoginView {
  hostName: string;
  /** Where it asked from; null where nobody vouches for an address. */
  address: string | null;
  askedAt: string;
  expiresAt: string;
}
export type DeviceLoginAnswer =
  | { status: "pending" | "slow_down"; intervalSeconds: number }
  | { status: "denied" | "expired" }
  | {
      status: "approved";
      token: string;
      tokenId: string;
      expiresAt: string;
      email: string;
      org: { id: string; slug: string; name: string };
    };
export interface DiffLine {
  kind: "same" | "added" | "removed";
  text: string;
  oldLine?: number;
  newLine?: number;
}
export interface AllowProposal {
  policyId: string;
  policyName: string;
  baseVersion: number;
  yamlBefore: string;
  yamlAfter: string;
  lines: DiffLine[];
  sentence: string;
}
/** Why a decision was made. The record keeps neither headers nor body nor the resolved address, so those are not judged again. */
export interface DecisionExplanation {
  /** The version that decided; null when none is saved with that digest. */
  policy: { id: string; name: string; version: number; latestVersion: number } | null;
  /** Why there is no explanation; null when there is one. */
  unexplained: string | null;
  /** `turn.yamlAfter` is empty: `turn.lines` say the change. */
  explanation: Explanation | null;
  /** The lines around the one that decided. */
  excerpt: { line: number; text: string }[];
  /** Judging again gave what was recorded. */
  agrees: boolean;
  /** The sandbox's policy as it stands now, asked the same; null where the record does not suffice to compare. */
  newest: NewestJudgment | null;
}
export interface NewestJudgment {
  policyId: string;
  policyName: string;
  version: number;
  allows: boolean;
  /** It denies, and this is why no edit of the file would allow it; null otherwise. */
  unturnable: string | null;
}
/** Recorded requests under another text of a policy. */
export interface PolicyReplay extends ReplayResult {
  groupsLeftOut: number;
  /** From when on requests were looked at. */
  since: string;
  /** There were more requests than one call reads; the newest were taken. */
  truncated: boolean;
}
export interface HeldGrant {
  role: string;
  scope: Scope | null;
  via: string | null;
  expiresAt: string | null;
}
export interface WhoAmI {
  org: { id: string; slug: string; name: string };
  actor: { kind: "user" | "apiKey"; id: string; label: string };
  /** Every reason why this one may do anything. */
  grants: HeldGrant[];
  /** What those let do to some thing, so that a page can say why a button is disabled. */
  may: Partial<Record<ResourceKind, readonly Action[]>>;
}

/** What a person was told in the product and has not seen. */
export interface PersonNoticeView {
  id: string;
  topic: string;
  title: string;
  text: string;
  /** The page to read on. */
  path: string;
  at: string;
}

export interface NoticeChannelView {
  id: string;
  name: string;
  kind: "email" | "slack" | "webhook";
  owner: "me" | "org" | { teamId: string };
  /** A mail address, or the host of a URL; the URL itself may be a credential. */
  shown: string;
  topics: NoticeTopic[];
  /** Null: told at once. */
  digestMinutes: number | null;
  /** Deliveries on their way. */
  waiting: number;
  /** Deliveries given up since the last that arrived. */
  failures: number;
  lastSentAt: string | null;
  lastFailedAt: string | null;
  lastReason: string | null;
  /** Nothing is sent until somebody tests it. */
  pausedAt: string | null;
  createdBy: string;
  createdAt: string;
}
