/** Why a request is decided as it is, and what would turn it. */
import type { DiffLine } from "../edit/diff-lines.ts";
import type { Place, PolicyDecision } from "../types.ts";

export interface ExplainStep {
  /** What was asked, e.g. "Entry `github` names the program". */
  title: string;
  outcome: "holds" | "fails" | "skipped";
  /** What was found, as a sentence. */
  detail: string;
  /** Where in the file; null for the rules that no file changes. */
  place: Place | null;
}

/** The smallest edit that turns the decision, verified by deciding again. */
export interface Turn {
  to: "allow" | "deny";
  sentence: string;
  /** The edit may decide requests of other programs, hosts or ports differently as well; `sentence` then says which. */
  beyond: boolean;
  yamlAfter: string;
  lines: DiffLine[];
}

export interface Explanation {
  decision: PolicyDecision;
  /** In the order of the decision; the last one decided. */
  steps: ExplainStep[];
  /** The line of the file that decided; null when nothing in it did. */
  deciding: Place | null;
  /** Null when nothing in a policy file can turn it; `unturnable` says why. */
  turn: Turn | null;
  unturnable: string | null;
}

/** The result of one of the file's own `tests:`. */
export interface PolicyTestResult {
  index: number;
  name: string | null;
  passed: boolean;
  expected: { decision: PolicyDecision["decision"]; rule: string | null };
  got: PolicyDecision;
  place: Place;
}
