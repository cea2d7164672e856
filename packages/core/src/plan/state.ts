/** A plan's life. Pages ask the same table why a button is disabled. */
export const planStates = ["pending", "sent", "applied", "failed", "superseded"] as const;
export type PlanState = (typeof planStates)[number];

export const planTransitions: Readonly<Record<PlanState, readonly PlanState[]>> = {
  pending: ["sent", "applied", "failed", "superseded"],
  sent: ["applied", "failed", "superseded"],
  applied: [],
  failed: [],
  superseded: [],
};

export const planCan = (from: PlanState, to: PlanState): boolean => planTransitions[from].includes(to);
export const planOpen = (state: PlanState): boolean => planTransitions[state].length > 0;
/** States from which `to` may be entered, for compare-and-set updates. */
export const planStatesBefore = (to: PlanState): PlanState[] => planStates.filter((from) => planCan(from, to));
