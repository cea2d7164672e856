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

export const weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Weekday = (typeof weekdays)[number];

/** On each of these days, by the clocks of a time zone: from `from` until `until`, on the day after where that is not later. */
export interface WeeklyWindow {
  days: readonly Weekday[];
  /** `HH:MM`; `until` may be `24:00`. */
  from: string;
  until: string;
  /** A name of the IANA time zone database, e.g. `Europe/Berlin`. */
  timezone: string;
}

/** Nothing selected is applied from `from` on until `until` (instants, ISO 8601), or in the window of every week. */
export type Freeze = { from: string; until: string; reason: string } | { weekly: WeeklyWindow; reason: string };

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

/** `to`, who may approve, votes in the place of `from` while `from` is away. */
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
