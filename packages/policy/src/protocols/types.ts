import type { JudgedTarget } from "../engine/target.ts";
import type { PolicyRequest } from "../types.ts";

export interface ProtocolRequest {
  request: PolicyRequest;
  method: string;
  target: JudgedTarget;
}

export interface ProtocolVerdict {
  /** Why a deny rule holds, or null. */
  denied: string | null;
  /** Why it is allowed, or null. */
  allowed: string | null;
  /** What is missing for it to be allowed; for people. */
  missing: string;
}
