/** What a body does, as rules that name exactly that. */
import { isRecord } from "../canonical/record.ts";
import { readJson } from "../canonical/strict-json.ts";
import type { Clause, Protocol } from "../model.ts";
import { parseGraphql } from "../protocols/graphql-parse.ts";
import type { PolicyRequest } from "../types.ts";

/** A turn that adds more rules than this is no small change. */
const CLAUSES_MAX = 4;

/** A text as a pattern that matches it alone; `]` and braces have no pattern. */
export const literalGlob = (text: string): string => text.replace(/[*?[]/g, (c) => `[${c}]`);

/** The clauses that name the request's calls; empty when the body cannot be read, null when there are too many. */
export function clausesOfBody(protocol: Protocol, request: PolicyRequest): Clause[] | null {
  const parsed = request.body === undefined ? null : readJson(request.body);
  if (parsed === null || !parsed.ok) return [];
  const messages = (Array.isArray(parsed.value) ? parsed.value : [parsed.value]).filter(isRecord);
  const clauses = messages.flatMap((message) =>
    protocol === "graphql" ? operationClauses(message) : callClauses(protocol, message),
  );
  const distinct = [...new Map(clauses.map((clause) => [JSON.stringify(clause), clause])).values()];
  return distinct.length > CLAUSES_MAX ? null : distinct;
}

function callClauses(protocol: Protocol, message: Record<string, unknown>): Clause[] {
  const { method, params } = message;
  if (typeof method !== "string") return [];
  const tool = isRecord(params) ? params.name : undefined;
  if (protocol === "mcp" && method === "tools/call" && typeof tool === "string")
    return [{ method, tool: literalGlob(tool) }];
  return [{ method }];
}

function operationClauses(message: Record<string, unknown>): Clause[] {
  const document = typeof message.query === "string" ? parseGraphql(message.query) : null;
  const wanted = message.operationName;
  const operation =
    typeof wanted === "string"
      ? document?.operations.find(({ name }) => name === wanted)
      : document?.operations.length === 1
        ? document.operations[0]
        : undefined;
  if (operation === undefined) return [];
  return [{ operation_type: operation.type, fields: operation.fields.map(literalGlob) }];
}

/** In flow style, keys as the file's own words. */
export function flowOf(clause: Clause): string {
  const pairs = Object.entries(clause).map(([key, value]) => `${key}: ${flowValue(value)}`);
  return `{ ${pairs.join(", ")} }`;
}

const flowValue = (value: unknown): string =>
  Array.isArray(value)
    ? `[${value.map(flowValue).join(", ")}]`
    : typeof value === "string" &&
        /^[A-Za-z/][A-Za-z0-9/._-]*$/.test(value) &&
        !/^(true|false|null|yes|no|on|off|y|n)$/i.test(value)
      ? value
      : JSON.stringify(value);
