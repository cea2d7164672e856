/** The public face of the policy language. Pure: no I/O, no clock but the one passed in. */

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
}

export type PolicyMode = "enforce" | "monitor";

export interface PolicyDecision {
  decision: "allow" | "deny" | "would_deny";
  /** Key of the rule that decided, e.g. `github`; null when none matched. */
  rule: string | null;
  /** A sentence for people. */
  reason: string;
}

/** How the gateway must treat a connection to `(host, port)` for `binary`, before any byte is read. */
export interface EndpointPlan {
  /** `inspect`: terminate TLS and judge each request; `raw`: relay bytes (protocol tcp, or `tls: skip`). */
  handling: "inspect" | "raw";
  rule: string;
  allowedIps: readonly string[];
}
