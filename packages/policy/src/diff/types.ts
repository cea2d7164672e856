/** What a new version changes, as sets. Every request whose judgement differs lies in exactly one `RequestChange`. */
import type { Protocol } from "../model.ts";
import type { PolicyRequest } from "../types.ts";

export type RiskGrade = "none" | "low" | "medium" | "high" | "critical";

export interface Risk {
  grade: RiskGrade;
  /** Why, each as a sentence; the gravest first. */
  reasons: string[];
}

/** The texts that match `match` and none of `except`, by the one glob engine. */
export interface TextSet {
  match: string;
  except: string[];
}

/** Programs; the conditions beside the path narrow the set. */
export interface CallerSet extends TextSet {
  /** Only with this digest; null: whatever the digest, undefined pins aside. */
  sha256: string | null;
  /** Only running one of these scripts; null: whatever the script. */
  script: TextSet | null;
  /** Only as a child of these; null: whatever the parents. */
  ancestor: TextSet | null;
}

export interface RequestChange {
  /** `allow`: denied before, allowed after. `deny`: the other way round. Monitor and audit are left aside: they are settings. */
  effect: "allow" | "deny";
  callers: CallerSet[];
  hosts: TextSet[];
  ports: number[];
  /** How the traffic is judged where it is allowed; `raw`: not inspected. */
  protocol: Protocol | "raw";
  /** Upper case; `*` stands for every method not named elsewhere in the same diff. Null: the connection as a whole. */
  methods: string[] | null;
  paths: TextSet[] | null;
  /** MCP tools, GraphQL operations or models, where the protocol judges them. */
  tools: TextSet[] | null;
  /** Further conditions of the set, each as words that end a sentence: "when query `a` matches `b`", "until 2026-12-01T00:00:00Z". */
  conditions: string[];
  /** Entries that decided before and after; null where none matched. */
  ruleBefore: string | null;
  ruleAfter: string | null;
  risk: Risk;
  /** The whole change as one sentence for a reviewer. */
  sentence: string;
  /** One request of the set, judged both ways when the diff was made. */
  example: PolicyRequest;
}

/** What changes without being a set of requests: mode, files, process, credentials, limits, middlewares, models, documentation. */
export interface SettingChange {
  /** Dotted field, e.g. `filesystem_policy.read_write`. */
  field: string;
  effect: "widens" | "narrows" | "changes";
  before: unknown;
  after: unknown;
  risk: Risk;
  sentence: string;
}

export interface PolicyDiff {
  requests: RequestChange[];
  settings: SettingChange[];
  /** False when a bound of the set arithmetic was reached: then `requests` claims more than changed and never less, and says where. */
  exact: boolean;
  /** The gravest grade of all changes. */
  risk: RiskGrade;
}
