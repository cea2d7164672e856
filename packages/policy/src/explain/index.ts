export { explainRequest } from "./explain.ts";
export { type PlacedPolicy, runPolicyTests } from "./run-tests.ts";
