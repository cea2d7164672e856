/** Rules that name one request and no other. */
import { canonicalPath } from "../canonical/path.ts";
import type { Clause, Protocol } from "../model.ts";
import { clausesOfBody, literalGlob } from "./calls.ts";
import { addItem, type FieldPath } from "./edits.ts";
import type { EndpointRef } from "./probe.ts";
import type { TurnState } from "./turn-state.ts";

/** Where an endpoint stands, as a path into the document. */
export const documentPath = ({ key, index }: EndpointRef): FieldPath => ["network_policies", key, "endpoints", index];

/** Protocols under which a rule for method and path says all that is judged. */
export const isPlain = (protocol: Protocol | undefined): boolean =>
  protocol === undefined || protocol === "tcp" || protocol === "rest";

export function addAll(text: string, path: FieldPath, items: readonly string[]): string | null {
  let after: string | null = text;
  for (const item of items) after = after === null ? null : addItem(after, path, item);
  return after;
}

/** Clauses that name this request and no other, in the words of the endpoint's protocol. */
export function clausesFor({ request }: TurnState, { endpoint }: EndpointRef): Clause[] {
  const { protocol } = endpoint;
  if (protocol === "mcp" || protocol === "json-rpc" || protocol === "graphql")
    return clausesOfBody(protocol, request) ?? [];
  const method = request.method?.toUpperCase();
  const target = request.path === undefined ? null : canonicalPath(request.path, { allowEncodedSlash: true });
  if (method === undefined || target === null) return [];
  return [{ method, path: literalGlob(target.path) }];
}
