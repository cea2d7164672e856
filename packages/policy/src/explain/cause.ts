/** What decided, in a form that a remedy can be found for. */
import type { EndpointRef } from "./probe.ts";

/** One clause of one endpoint of the file. */
export interface ClauseRef {
  at: EndpointRef;
  index: number;
}

export type InferencePart = "port" | "disabled" | "binary" | "body" | "model";

export type Cause =
  /** No file can turn it; `advice` says what to do instead. */
  | { kind: "hard"; why: string; advice: string }
  | { kind: "inference"; part: InferencePart }
  | { kind: "unnamed" }
  /** Allowed by its name, which a library that the agent could have written took from it. */
  | { kind: "library" }
  | { kind: "program"; named: readonly EndpointRef[] }
  | { kind: "expired"; keys: readonly string[] }
  | { kind: "address"; ip: string; candidates: readonly EndpointRef[] }
  | { kind: "address_unknown" }
  | { kind: "middleware"; key: string }
  | { kind: "denied"; ref: ClauseRef }
  | { kind: "missing"; speaking: readonly EndpointRef[] }
  | { kind: "allowed_inference" }
  | { kind: "allowed_connection"; at: EndpointRef }
  | { kind: "allowed_request"; at: EndpointRef; rule: number | null };

export interface Traced {
  cause: Cause;
  /** The field of the file that decided, or null. */
  deciding: string | null;
  /** The question that the last step answers. */
  question: string;
  /** The denial comes from an endpoint in audit. */
  audit: EndpointRef | null;
}

export const ended = (cause: Cause, question: string, deciding: string | null = null): Traced => ({
  cause,
  question,
  deciding,
  audit: null,
});
export const hard = (question: string, why: string, advice: string): Traced =>
  ended({ kind: "hard", why, advice }, question);
