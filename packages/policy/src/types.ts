/** The public face of the policy language. Pure: no I/O, no clock but the one passed in. */

import type { ExceptionUse } from "./exceptions/types.ts";

/** A place in a policy file. Lines and columns count from 1. */
export interface Place {
  line: number;
  column: number;
  /** Dotted field path, e.g. `network_policies.github.endpoints[0].host`. */
  field: string;
}

export interface PolicyProblem {
  code: string;
  severity: "error" | "warning";
  place: Place;
  /** What is wrong, as a sentence. */
  message: string;
  /** What to write instead, as a sentence. */
  remedy: string;
}

/** A request to be judged. Without `method` it is the connection that is judged. */
export interface PolicyRequest {
  binary: string;
  sha256?: string | undefined;
  /** The script the interpreter runs, when the binary is one. */
  script?: string | undefined;
  /** A library from a place the agent may write whose code runs in the process; such a process has lost its name. */
  library?: string | undefined;
  /** Executable paths of the parents, nearest first. */
  ancestors?: readonly string[] | undefined;
  host: string;
  port: number;
  method?: string | undefined;
  /** The raw request target, query included. */
  path?: string | undefined;
  headers?: Readonly<Record<string, string>> | undefined;
  body?: string | undefined;
  /** The resolved address the gateway is about to dial, when it is known. */
  ip?: string | undefined;
  /** Exceptions for once that this very request, or connection, has used already. */
  held?: readonly string[] | undefined;
}

export type PolicyMode = "enforce" | "monitor";

export interface PolicyDecision {
  decision: "allow" | "deny" | "would_deny";
  /** Key of the rule that decided, e.g. `github`; null when none matched. */
  rule: string | null;
  /** A sentence for people. */
  reason: string;
  /** Set where only an exception beside the policy allows it. */
  exception?: ExceptionUse | undefined;
}

/** How the gateway must treat a connection to `(host, port)` for `binary`, before any byte is read. */
export interface EndpointPlan {
  /** `inspect`: terminate TLS and judge each request; `raw`: relay bytes (no protocol, protocol tcp, or `tls: skip`). */
  handling: "inspect" | "raw";
  rule: string;
  /** The addresses the name may resolve to; empty means any public one. `decide` with `ip` judges the same. */
  allowedIps: readonly string[];
  /** True when only monitor mode lets the connection pass. */
  wouldDeny: boolean;
  /** Pass to `canonicalPath` and forward its result. */
  allowEncodedSlash: boolean;
  /** Bytes of body that `decide` must be given for some request here; 0 when none judges bodies. More than that: deny. */
  bodyBytesMax: number;
  /** Judge each client text message of a WebSocket as method `WEBSOCKET_TEXT` with the upgrade's path and the message as body. */
  webSocketText: boolean;
  /** What the entry may use per period; null is unlimited. */
  limits: {
    requests?: number | undefined;
    bytes?: number | undefined;
    per: "second" | "minute" | "hour" | "day";
  } | null;
}
