/** The browser may not import the verbs' own lists (they come with the server), so a type check holds these two to them. */
import type { DecisionRecord } from "@creel/protocol";

export const verdicts = ["allow", "deny", "would_deny"] as const satisfies readonly DecisionRecord["decision"][];
export const kinds = ["dns", "connect", "http", "inference"] as const satisfies readonly DecisionRecord["kind"][];

export interface DecisionInput {
  sandboxId: string | undefined;
  nodeId: string | undefined;
  decision: (typeof verdicts)[number] | undefined;
  kind: (typeof kinds)[number] | undefined;
  before: number | undefined;
}
