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
  /** Patterns that must match as well. */
  also?: string[];
  /**
   * Patterns read as deny rules read them: in any case, and paths with and without the slash at the end and decoded as well.
   * `except` and `also` by their places in the list. Absent: all are read plainly.
   */
  loose?: { match: boolean; except: number[]; also: number[] };
}

/** Programs; the conditions beside the path narrow the set. */
export interface CallerSet extends TextSet {
  /** Only with this digest; null: whatever the digest, undefined pins aside. */
  sha256: string | null;
  /** Only running one of these scripts; null: whatever the script. */
  script: TextSet | null;
  /** Only as a child of these; null: whatever the parents. */
  ancestor: TextSet | null;
  /** And none of these digests, no such script, no such parent. */
  unless?: { sha256: string[]; script: string[]; ancestor: string[] };
}

/** One thing that can be asked of a request; `loose` is the reading of deny rules. */
export type Predicate =
  | { kind: "path"; pattern: string; loose: boolean }
  | { kind: "encoded_slash" }
  /** `every`: there, and all its values match. `some`: one value matches, in any case. */
  | { kind: "query"; name: string; values: readonly string[]; reading: "every" | "some" }
  | { kind: "header"; name: string; values: readonly string[]; loose: boolean }
  /** The request asks for an upgrade; `may_upgrade` also where its headers are not known. */
  | { kind: "upgrade" }
  | { kind: "may_upgrade" }
  | { kind: "body_at_most"; bytes: number }
  | { kind: "before"; ms: number }
  | { kind: "address_known" }
  /** Every address of the connection; true where none is known yet. */
  | { kind: "address_public" }
  | { kind: "address_within"; ranges: readonly string[] }
  | { kind: "body" }
  /** A body, or a GraphQL operation in the query of a GET. */
  | { kind: "payload" }
  | (BodyPredicate & { bytesMax?: number });

/** What is asked of the one message in the body; a body larger than `bytesMax` counts as unreadable. */
export type BodyPredicate =
  | { kind: "rpc_answer" }
  | { kind: "rpc_call" }
  | { kind: "rpc_method"; pattern: string; loose: boolean }
  /** A method that `allow_all_known_mcp_methods` speaks of. */
  | { kind: "rpc_known" }
  | { kind: "tool"; values: readonly string[]; loose: boolean }
  | { kind: "tool_named" }
  /** A tool name of the form that strict names demand. */
  | { kind: "tool_plain" }
  | { kind: "argument"; path: readonly string[]; values: readonly string[]; loose: boolean }
  | { kind: "operation"; type: string }
  | { kind: "operation_name"; pattern: string; loose: boolean }
  | { kind: "operation_fields"; values: readonly string[]; loose: boolean }
  /** A stored operation by its id. */
  | { kind: "persisted"; id: string }
  | { kind: "message"; type: "lifecycle" | "operation" }
  | { kind: "model"; pattern: string };

/** All of `all` hold and none of `none`. */
export interface Conjunction {
  all: readonly Predicate[];
  none: readonly Predicate[];
}

export interface RequestChange {
  /** `allow`: denied before, allowed after. `deny`: the other way round. Monitor and audit are left aside: they are settings. */
  effect: "allow" | "deny";
  callers: CallerSet[];
  hosts: TextSet[];
  ports: number[];
  /** How the traffic is judged where it is allowed; `raw`: not inspected. */
  protocol: Protocol | "raw";
  /** Upper case; `*` stands for every method less `methodsExcept`. Null: the connection as a whole. */
  methods: string[] | null;
  methodsExcept: string[];
  paths: TextSet[] | null;
  /** MCP tools, GraphQL operations or models, where the protocol judges them. */
  tools: TextSet[] | null;
  /** Further conditions of the set, each as words that end a sentence: "when query `a` matches `b`", "until 2026-12-01T00:00:00Z". */
  conditions: string[];
  /** The same as data, and what needs no words: for each item one of its conjunctions holds. */
  where: (readonly Conjunction[])[];
  /** Which kinds of requests the set holds: opening the connection, requests with one reading, and requests that have none. */
  reach: { connection: boolean; requests: boolean; unreadable: boolean };
  /** Entries that decided before and after; null where none matched. */
  ruleBefore: string | null;
  ruleAfter: string | null;
  /** Whether a deny rule that forbade it is gone. */
  denyRuleRemoved: boolean;
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

export interface DiffOptions {
  /** The moment from which on the versions are compared. */
  nowMs: number;
  /** Middlewares the gateway can run; none by default. */
  middlewares?: readonly string[];
}
