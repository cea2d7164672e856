/** The whole way of one decision, retold. */
import type { CompileOptions } from "../engine/compile.ts";
import type { PolicyRequest } from "../types.ts";
import type { Traced } from "./cause.ts";
import { traceConnection } from "./connection.ts";
import { traceRequest } from "./request.ts";
import { type PolicyFile, Trace } from "./trace.ts";

export interface DecisionQuestion {
  request: PolicyRequest;
  nowMs: number;
  options: CompileOptions;
}

/** What decided, with every step on the way. The tests hold it against the engine. */
export function traceDecision(file: PolicyFile, question: DecisionQuestion): { trace: Trace; traced: Traced } {
  const trace = new Trace(file);
  const asked = { ...file, ...question, trace };
  const connection = traceConnection(asked);
  return { trace, traced: "usable" in connection ? traceRequest(asked, connection) : connection };
}
