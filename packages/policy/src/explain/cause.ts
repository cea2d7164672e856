/** What decided, in a form that a remedy can be found for. */
import type { CompiledEndpoint } from "../engine/compile.ts";

/** One clause of one endpoint of the file. */
export interface ClauseRef {
  key: string;
  endpoint: CompiledEndpoint;
  index: number;
}

export type Cause =
  /** No file can turn it; `advice` says what to do instead. */
  | { kind: "hard"; why: string; advice: string }
  | { kind: "inference"; part: "port" | "disabled" | "binary" | "body" | "model" }
  | { kind: "unnamed" }
  | { kind: "program"; named: readonly CompiledEndpoint[] }
  | { kind: "expired"; keys: readonly string[] }
  | { kind: "address"; ip: string; candidates: readonly CompiledEndpoint[] }
  | { kind: "address_unknown" }
  | { kind: "middleware"; key: string }
  | { kind: "denied"; ref: ClauseRef }
  | { kind: "missing"; speaking: readonly CompiledEndpoint[]; usable: readonly CompiledEndpoint[] }
  | { kind: "allowed_inference" }
  | { kind: "allowed_connection"; endpoint: CompiledEndpoint; usable: readonly CompiledEndpoint[] }
  | { kind: "allowed_request"; endpoint: CompiledEndpoint; rule: number | null };

export interface Traced {
  cause: Cause;
  /** The field of the file that decided, or null. */
  deciding: string | null;
  /** The question that the last step answers. */
  question: string;
  /** The denial comes from an endpoint in audit. */
  audit: CompiledEndpoint | null;
}
