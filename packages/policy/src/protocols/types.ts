import type { CompiledClause } from "../engine/clause.ts";
import type { JudgedTarget } from "../engine/target.ts";
import type { PolicyRequest } from "../types.ts";
import type { RequestBody } from "./body.ts";

export interface ProtocolRequest {
  request: PolicyRequest;
  method: string;
  target: JudgedTarget;
  /** Where several endpoints judge the same body, so that it is read once. */
  body?: RequestBody | undefined;
}

export interface ProtocolVerdict {
  /** Why a deny rule holds, or null. */
  denied: string | null;
  /** Why it is allowed, or null. */
  allowed: string | null;
  /** What is missing for it to be allowed; for people. */
  missing: string;
}

/** The clauses of an endpoint that could hold, in the order of the file, where an index has found them; what is left out is tried whole. */
export interface Clauses {
  deny?: readonly CompiledClause[] | undefined;
  allow?: readonly CompiledClause[] | undefined;
}
