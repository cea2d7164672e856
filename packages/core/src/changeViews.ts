import type { ApprovalSpec, ChangeState, Labels, RiskGrade, Vote } from "@creel/approvals";

/** What the verbs of changes, approval policies and delegations answer: plain JSON, instants as ISO 8601 strings in UTC. */

export interface PersonRef {
  id: string;
  label: string;
}

/** What a verb answers whose effect is a change: it happened, or it waits for approval as this change. */
export type Outcome<R> = ({ outcome: "applied"; changeId: string } & R) | Proposed;
export interface Proposed {
  outcome: "proposed";
  changeId: string;
}
/** Where a change stands after something was done to it. */
export interface ChangeMoved {
  changeId: string;
  state: ChangeState;
  /** Why it ended, where it did. */
  reason: string | null;
  planIds: string[];
}

export interface ChangeView {
  id: string;
  kind: string;
  title: string;
  message: string;
  /** What a vote is for. */
  digest: string;
  state: ChangeState;
  risk: RiskGrade;
  /** Labels of the things it touches, one entry for each set of labels. */
  touches: Labels[];
  author: { id: string | null; label: string };
  revision: number;
  createdAt: string;
  updatedAt: string;
  expiresAt: string;
  applyAt: string | null;
  endedAt: string | null;
  endedBy: string | null;
  endedReason: string | null;
  /** When those who could give what is missing were reminded last, and by whom; and when they will be next. */
  remindedAt: string | null;
  remindedBy: string | null;
  remindAt: string | null;
  /** Approval policies that only look on, and would have held it up. */
  wouldBlock: { policyId: string | null; name: string }[];
  /** The glass was broken for it. */
  review: ReviewView | null;
}
export interface ReviewView {
  reason: string;
  brokenBy: PersonRef;
  skippedCount: number;
  openedAt: string;
  dueAt: string;
  closedAt: string | null;
  closedBy: string | null;
  verdict: "keep" | "justified" | "undo" | null;
  note: string | null;
  /** When what was applied is taken back unless it is kept; null for one of before there was such an end. */
  endsAt: string | null;
  /** What became of it, and when. */
  endedAt: string | null;
  endedHow: "taken_back" | "kept" | "left" | "proposed" | null;
  endedNote: string | null;
  /** What it closed stays closed; the change that would open it again. */
  reopening: string | null;
}

export interface VoteView {
  voter: PersonRef;
  verdict: Vote["verdict"];
  comment: string;
  castAt: string;
  /** False for votes of before the last edit. */
  current: boolean;
  /** Why a current vote does not count; null when it does. */
  uncounted: string | null;
  /** In whose place it counts, where it is not their own. */
  standsFor: string[];
}
export interface RuleView {
  /** null: no approval policy selects the change, and its author may not do it alone. */
  policyId: string | null;
  name: string;
  state: "satisfied" | "rejected" | "open";
  asks: string;
  /** Not even everybody who may vote could satisfy it. */
  outOfReach: boolean;
  steps: { state: "done" | "due" | "later"; quorums: QuorumView[] }[];
}
export interface QuorumView {
  asks: string;
  filledBy: SeatRef[];
  missing: number;
  /** Who could give it, for whoever may read members; nobody is named to others. */
  candidates: SeatRef[];
  candidateCount: number;
}
/** Somebody who fills a place, or could; `standsFor` names those who lent it, where it is not their own. */
export interface SeatRef extends PersonRef {
  standsFor: string[];
}

/** Why the asking person cannot do this now, as a sentence; null when they can. */
export type Refusable =
  | "approve"
  | "reject"
  | "edit"
  | "withdraw"
  | "apply"
  | "breakGlass"
  | "closeReview"
  | "keep"
  | "remind";

export interface ChangeDetail extends ChangeView {
  content: unknown;
  base: unknown;
  /** What it waits for; while its review is open, what keeping it waits for. */
  rules: RuleView[];
  votes: VoteView[];
  /** Who wrote what it says now, where that is not its author; the person or the key. */
  lastEditor: { id: string | null; label: string } | null;
  /** Persons who never count for it, and why. */
  parties: { person: PersonRef; part: string }[];
  /** It would open again what break-glass closed by this one. */
  reopens: { id: string; title: string } | null;
  /** A freeze holds it until then. */
  frozenUntil: string | null;
  refusals: Record<Refusable, string | null>;
  result: unknown;
}

export interface ApprovalPolicyView {
  id: string;
  name: string;
  mode: "enforce" | "evaluate";
  spec: ApprovalSpec;
  /** Selector and steps as sentences. */
  selects: string;
  asks: string;
  freezes: string[];
  createdAt: string;
  updatedAt: string;
}

export interface DelegationView {
  id: string;
  from: PersonRef;
  to: PersonRef;
  reason: string;
  createdAt: string;
  until: string;
}

/** What a change touches, for whoever decides it. */
export interface ChangeImpact {
  /** What becomes possible, a sentence each; a policy's meaning is told by its texts. */
  says: string[];
  sandboxes: { id: string; name: string; nodeId: string; nodeName: string; nodeConnected: boolean }[];
  /** There are more than are listed. */
  sandboxCount: number;
  nodeCount: number;
  /** The text before and after, where it is a policy's; one that is not there yet has no id, and allowed nothing before. */
  policy: { id: string | null; name: string; before: string; after: string } | null;
  /** Credentials that the text after lets into reach and the one before did not. */
  credentials: { name: string; places: string[] }[];
}
