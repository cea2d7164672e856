/** One deny rule over HTTP, and requests that it should stop. */
import type { Clause } from "../model.ts";
import type { PolicyRequest } from "../types.ts";
import type { Ref } from "./endpoints.ts";
import { type Asking, clauseHeaders, sampleQuery, sampleRequest } from "./samples.ts";

/** Tried for a deny of every method: whichever the endpoint allows elsewhere shows the hole. */
const ANY = ["POST", "GET", "PUT", "DELETE"];

export interface Deny {
  ref: Ref;
  clause: Clause;
  path: string;
  sample: string;
  field: string;
}

export const methodsOf = ({ method }: Clause): readonly string[] =>
  method === undefined || method === "*" ? ANY : [method];

export function asking({ clause }: Deny, method: string, path: string): Asking {
  return { method, path, query: sampleQuery(clause.query), headers: clauseHeaders(clause) };
}

/** A request that the deny holds for: the right method, path and query. */
export function heldRequest(deny: Deny): PolicyRequest {
  const [method = "GET"] = methodsOf(deny.clause);
  return sampleRequest(deny.ref, asking(deny, method, deny.sample));
}
