export * from "./describe.ts";
export { type Evaluation, evaluate, type QuorumState, type StepState, type Unused } from "./evaluate.ts";
export { frozenUntil } from "./freeze.ts";
export * from "./limits.ts";
export { approvalSpecSchema, reviewerSchema, selectorSchema } from "./schema.ts";
export { type Subject, selects } from "./select.ts";
export type { Discount } from "./standing.ts";
export * from "./transitions.ts";
export * from "./types.ts";
