/** Past requests judged by another version. */
import type { PolicyDecision, PolicyRequest } from "../types.ts";

/** What a decision record says of its request; the wire record of `@creel/protocol` and a line of `creel run --decisions` both fit. */
export interface RecordedRequest {
  /** RFC 3339. */
  time: string;
  sandbox?: string | null | undefined;
  kind?: string | null | undefined;
  /** Null: nobody vouched for the program. */
  binary: {
    path: string;
    sha256?: string | null | undefined;
    script?: string | null | undefined;
    /** A library that the agent could write and the program had loaded. */
    library?: string | null | undefined;
    ancestors?: readonly string[] | null | undefined;
  } | null;
  host: string;
  port: number;
  method?: string | null | undefined;
  path?: string | null | undefined;
  headers?: Readonly<Record<string, string>> | null | undefined;
  body?: string | null | undefined;
  ip?: string | null | undefined;
  /** As the gateway named it; `ws` and `wss` say that the request opened a WebSocket. */
  protocol?: string | null | undefined;
  /** Undefined: nobody says how it was decided; then only a replay with `before` can compare. */
  decision: PolicyDecision["decision"] | undefined;
  rule: string | null;
  /** What the gateway said then. It tells a denial by policy from one for the gateway's own reasons. */
  reason?: string | null | undefined;
}

export interface ReplayGroup {
  /** `broken`: passed then, denied now. `opened`: denied then, passes now. `uncertain`: the record lacks what the version judges. */
  kind: "broken" | "opened" | "uncertain";
  sandbox: string | null;
  binary: string;
  host: string;
  port: number;
  method: string | null;
  /** A path glob when several paths were joined, else the path. */
  path: string | null;
  ruleBefore: string | null;
  ruleAfter: string | null;
  reason: string;
  count: number;
  firstTime: string;
  lastTime: string;
  example: PolicyRequest;
}

export interface ReplayResult {
  total: number;
  unchanged: number;
  broken: number;
  opened: number;
  uncertain: number;
  /** Records that are no request, e.g. the end of a connection. */
  skipped: number;
  /** The most affected first. */
  bySandbox: { sandbox: string | null; broken: number; opened: number; uncertain: number }[];
  /** By the entry that decides now, or where none does by the one that decided then; the most affected first. */
  byRule: { rule: string | null; broken: number; opened: number; uncertain: number }[];
  /** Most frequent first. */
  groups: ReplayGroup[];
  /** Requests counted above whose group, sandbox or rule fell outside the bounds on what is kept. */
  ungrouped: number;
}
