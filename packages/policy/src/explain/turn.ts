/** The smallest edit that turns a decision. */
import type { Document } from "yaml";
import type { CompiledPolicy, CompileOptions } from "../engine/compile.ts";
import type { Policy } from "../model.ts";
import type { PolicyDecision, PolicyRequest } from "../types.ts";
import type { Cause } from "./cause.ts";
import type { Explanation } from "./types.ts";

export interface TurnQuestion {
  yamlText: string;
  document: Document.Parsed;
  policy: Policy;
  compiled: CompiledPolicy;
  request: PolicyRequest;
  nowMs: number;
  options: CompileOptions;
  decision: PolicyDecision;
  cause: Cause;
}

export function findTurn(question: TurnQuestion): Pick<Explanation, "turn" | "unturnable"> {
  const { cause } = question;
  if (cause.kind === "hard") return { turn: null, unturnable: `${cause.why} No policy can turn this. ${cause.advice}` };
  return { turn: null, unturnable: "No edit of this file was found that turns this decision." };
}
