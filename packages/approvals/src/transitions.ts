/**
 * Threat: a change is applied from a state in which nobody may apply it.
 * Invariant: this table is the whole of what can happen to a change; what stands not here is refused, by the server and by the
 * page's buttons alike.
 */
export const changeStates = [
  "open",
  "approved",
  "applied",
  "rejected",
  "superseded",
  "expired",
  "withdrawn",
  "failed",
] as const;
export type ChangeState = (typeof changeStates)[number];

export const changeEvents = [
  "vote",
  "edit",
  "approve",
  "lapse",
  "apply",
  "reject",
  "supersede",
  "expire",
  "withdraw",
  "fail",
  "break_glass",
] as const;
export type ChangeEvent = (typeof changeEvents)[number];

type Row = Partial<Record<ChangeEvent, ChangeState>>;

/** What leaves a change without an end: everything but applying, which the rules decide. */
const ends: Row = { reject: "rejected", supersede: "superseded", expire: "expired", withdraw: "withdrawn" };

export const transitions: Readonly<Record<ChangeState, Row>> = {
  open: { ...ends, vote: "open", edit: "open", approve: "approved", break_glass: "applied", fail: "failed" },
  approved: {
    ...ends,
    vote: "approved",
    edit: "open",
    // The rights of this moment no longer satisfy the rules.
    lapse: "open",
    apply: "applied",
    fail: "failed",
    break_glass: "applied",
  },
  applied: {},
  rejected: {},
  superseded: {},
  expired: {},
  withdrawn: {},
  failed: {},
};

export const next = (state: ChangeState, event: ChangeEvent): ChangeState | null => transitions[state][event] ?? null;
export const isOver = (state: ChangeState): boolean => Object.keys(transitions[state]).length === 0;

const overWords: Record<ChangeState, string> = {
  open: "The change is open.",
  approved: "The change is approved.",
  applied: "The change was applied.",
  rejected: "The change was rejected.",
  superseded: "The change was superseded: what it stands on has moved.",
  expired: "The change expired before it was approved.",
  withdrawn: "The change was withdrawn.",
  failed: "The change was approved, but could not be applied.",
};

/** Why this cannot happen now, in a sentence; null when it can. */
export const refusal = (state: ChangeState, event: ChangeEvent): string | null =>
  next(state, event) === null ? overWords[state] : null;
