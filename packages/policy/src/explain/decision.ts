/** The whole way of one decision, retold. */
import { type CompileOptions, compilePolicy } from "../engine/compile.ts";
import { decide, nameLost } from "../engine/decide.ts";
import type { PolicyRequest } from "../types.ts";
import { ended, type Traced } from "./cause.ts";
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
  const traced = "usable" in connection ? traceRequest(asked, connection) : connection;
  return { trace, traced: losesItsName(file, question, traced) ? NAME_LOST : traced };
}

const NAME_LOST = ended({ kind: "library" }, "The program keeps its name", "sandbox.writable_libraries");

/** The steps tell of the program by its name; whether it still has it the engine knows. */
function losesItsName(
  { policy }: PolicyFile,
  { request, nowMs, options }: DecisionQuestion,
  { cause }: Traced,
): boolean {
  if (nameLost(policy, request) === null) return false;
  const allowedByName = cause.kind.startsWith("allowed_");
  return allowedByName && decide(compilePolicy(policy, options), request, nowMs).decision !== "allow";
}
