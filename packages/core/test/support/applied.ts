import type { Outcome } from "../../src/index.ts";

/** What was applied at once, which the test expects of it. */
export function applied<R>(outcome: Outcome<R>): R & { changeId: string } {
  if (outcome.outcome !== "applied") throw new Error(`waits for approval as ${outcome.changeId}`);
  return outcome;
}
