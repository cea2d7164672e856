/** Risk, least first: the grades of the policy language's comparison. */
export const riskGrades = ["none", "low", "medium", "high", "critical"] as const;
export type RiskGrade = (typeof riskGrades)[number];

/** Whom a quorum accepts. A role or permission counts only where its scope covers what the change touches. */
export type Reviewer = { role: string } | { team: string } | { person: string } | { permission: string };

/** So many different persons, each of whom is one of `of`; where asked, each from another team. */
export interface Quorum {
  atLeast: number;
  of: readonly Reviewer[];
  distinctTeams?: boolean | undefined;
}
export type Rule = Quorum | { all: readonly Rule[] } | { any: readonly Rule[] };

/** What a change touches, as labels of one thing each. */
export type Labels = Readonly<Record<string, string>>;

/** What is absent selects everything. Several are joined by "and". */
export interface Selector {
  kinds?: readonly string[] | undefined;
  /** One touched thing must carry, for each key, one of the values. */
  labels?: Readonly<Record<string, readonly string[]>> | undefined;
  riskAtLeast?: RiskGrade | undefined;
}

/** Nothing selected is applied from `from` on until `until` (instants, ISO 8601). */
export interface Freeze {
  from: string;
  until: string;
  reason: string;
}

/** What an approval policy says. Votes fill the steps in order: a vote counts for the step that was due when it was given. */
export interface ApprovalSpec {
  selector: Selector;
  steps: readonly Rule[];
  /** Whose rejection ends the change: any person the rule accepts, nobody, or these. */
  veto: "reviewers" | "nobody" | readonly Reviewer[];
  timeToLiveHours: number;
  freezes: readonly Freeze[];
}

/** What is known of a person at the moment of counting, already narrowed to what the change touches. */
export interface Person {
  id: string;
  roles: readonly string[];
  teams: readonly string[];
  permissions: readonly string[];
  /** Holds the right to approve at all. */
  mayApprove: boolean;
}

export interface Vote {
  voter: string;
  verdict: "approve" | "reject";
  /** Grows with each vote given on a change; voting again takes a new place. */
  order: number;
}

/** `to` votes with the standing of `from` while `from` is away. */
export interface Delegation {
  from: string;
  to: string;
}

export interface Ballot {
  /** Members at the moment of counting. */
  people: readonly Person[];
  /** Votes for the digest that is to be applied, and for no other. */
  votes: readonly Vote[];
  /** Persons who never count for this change: its author, its editors, whom it favours. */
  barred: readonly string[];
  delegations: readonly Delegation[];
}
