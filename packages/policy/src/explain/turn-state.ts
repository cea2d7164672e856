/** What the search for a turn works on, apart from the search itself, so that edits and search need not know each other. */
import type { Policy } from "../model.ts";
import type { PolicyRequest } from "../types.ts";
import type { Cause } from "./cause.ts";

export interface TurnState {
  text: string;
  policy: Policy;
  request: PolicyRequest;
  nowMs: number;
  cause: Cause;
}

/** One possible edit. */
export interface TurnEdit {
  sentence: string;
  /** The edit may decide other requests differently as well; its sentence then says which. */
  beyond: boolean;
  /** Null when this file leaves no place for it. */
  apply(): string | null;
}
