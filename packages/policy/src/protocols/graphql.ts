/** GraphQL over HTTP and over WebSocket, judged by operation type, name and root fields. */
import { isRecord } from "../canonical/record.ts";
import { readJson } from "../canonical/strict-json.ts";
import type { CompiledClause } from "../engine/clause.ts";
import type { CompiledEndpoint } from "../engine/endpoint.ts";
import { quoted } from "../engine/quoted.ts";
import { BATCH_MAX, BODY_BYTES_DEFAULT } from "../limits.ts";
import type { Access, GraphqlOperation } from "../model.ts";
import { RequestBody } from "./body.ts";
import { parseGraphql } from "./graphql-parse.ts";
import type { ProtocolRequest, ProtocolVerdict } from "./types.ts";

export interface Operation {
  type: "query" | "mutation" | "subscription";
  name: string | null;
  fields: string[];
}

const typesOfAccess: Record<Access, readonly string[]> = {
  "read-only": ["query"],
  "read-write": ["query", "mutation"],
  full: ["query", "mutation", "subscription"],
};

export function judgeGraphql(endpoint: CompiledEndpoint, request: ProtocolRequest): ProtocolVerdict {
  const operations = readOperations(endpoint, request);
  if (typeof operations === "string") {
    const unread = `Entry \`${endpoint.entry.key}\` judges GraphQL operations, and ${operations}.`;
    // A deny rule that cannot be judged holds, also against another entry's allow.
    const held = request.method === "POST" && endpoint.deny.all.length > 0;
    return { denied: held ? unread : null, allowed: null, missing: unread };
  }
  return judgeOperations(endpoint, operations);
}

export function judgeOperations(endpoint: CompiledEndpoint, operations: readonly Operation[]): ProtocolVerdict {
  const { key } = endpoint.entry;
  for (const operation of operations) {
    const rules = endpoint.bodies.deny.forOperation(operation.name, operation.fields);
    const hit = rules.find((clause) => clauseDenies(clause, operation));
    if (hit !== undefined)
      return {
        denied: `Denied by ${key}.deny_rules[${hit.index}]: ${describe(operation)}.`,
        allowed: null,
        missing: "",
      };
  }
  const missed = operations.find((operation) => !operationAllowed(endpoint, operation));
  if (missed !== undefined)
    return { denied: null, allowed: null, missing: `Entry \`${key}\` does not allow ${describe(missed)}.` };
  return {
    denied: null,
    allowed: `Entry \`${key}\` allows ${operations.slice(0, 3).map(describe).join(", ")}.`,
    missing: "",
  };
}

function operationAllowed(endpoint: CompiledEndpoint, operation: Operation): boolean {
  const { access } = endpoint.endpoint;
  if (access !== undefined) return typesOfAccess[access].includes(operation.type);
  return endpoint.bodies.allow
    .forOperation(operation.name, operation.fields)
    .some(
      (clause) =>
        typeMatches(clause, operation) &&
        (clause.operationName === null || (operation.name !== null && clause.operationName(operation.name))) &&
        (clause.fields === null || operation.fields.every(clause.fields)),
    );
}

/** Any denied root field suffices. An operation without a name might be the one that is meant, so a deny by name holds for it. */
const clauseDenies = (clause: CompiledClause, operation: Operation): boolean =>
  typeMatches(clause, operation) &&
  (clause.operationName === null || operation.name === null || clause.operationName(operation.name)) &&
  (clause.fields === null || operation.fields.some(clause.fields));

const typeMatches = (clause: CompiledClause, operation: Operation): boolean =>
  clause.source.operation_type === "*" || clause.source.operation_type === operation.type;

const describe = (operation: Operation): string =>
  `${operation.type}${operation.name === null ? "" : ` ${operation.name.slice(0, 64)}`} { ${quoted(operation.fields.slice(0, 5).join(" "))} }`;

/** The operations that the server would run, or why they cannot be read. */
function readOperations(endpoint: CompiledEndpoint, judged: ProtocolRequest): Operation[] | string {
  const { request, method, target } = judged;
  if (method === "GET" || method === "HEAD") {
    if (request.body !== undefined && request.body !== "") return "a GET with a body has no single reading";
    return readPayload(endpoint, payloadOfQuery(target.query));
  }
  if (method !== "POST") return "only GET and POST carry them";
  const body = judged.body ?? new RequestBody(request);
  if (body.text === undefined) return "the body is not known";
  const max = endpoint.endpoint.graphql_max_body_bytes ?? BODY_BYTES_DEFAULT;
  if (body.isLargerThan(max)) return `the body is larger than ${max} bytes`;
  if (body.isHidden) return "the body is compressed, no JSON by its type, or in another character set";
  // Servers differ in which of the two they take.
  if (target.query.some(([name]) => /^(query|operationname|extensions|id|documentid|doc_id)$/i.test(name)))
    return "the operation stands in the URL as well";
  const parsed = body.json;
  if (!parsed.ok) return parsed.reason;
  const payloads: unknown[] = Array.isArray(parsed.value) ? parsed.value : [parsed.value];
  if (payloads.length === 0 || payloads.length > BATCH_MAX) return "the batch is empty or too long";
  const operations: Operation[] = [];
  for (const payload of payloads) {
    const read = readPayload(endpoint, payload);
    if (typeof read === "string") return read;
    operations.push(...read);
  }
  return operations;
}

function payloadOfQuery(query: readonly [string, string][]): unknown {
  const names = query.map(([name]) => name.toLowerCase());
  if (new Set(names).size !== names.length) return "a parameter twice";
  const payload: Record<string, unknown> = Object.fromEntries(query);
  if (typeof payload.extensions !== "string") return payload;
  const extensions = readJson(payload.extensions);
  return extensions.ok ? { ...payload, extensions: extensions.value } : "unreadable extensions";
}

/** Names under which servers take the id of a stored operation. */
const STORED_IDS = ["id", "documentId", "doc_id"];

/** One request object: a query text, or the id of a registered one. */
export function readPayload(endpoint: CompiledEndpoint, payload: unknown): Operation[] | string {
  if (!isRecord(payload)) return "the body is no GraphQL request";
  const wanted = payload.operationName;
  if (wanted !== undefined && wanted !== null && typeof wanted !== "string") return "the operation's name is no text";
  if (typeof payload.query !== "string" || payload.query === "") return readPersisted(endpoint, payload);
  if (STORED_IDS.some((name) => payload[name] !== undefined)) return "it carries a query and the id of another";
  const document = parseGraphql(payload.query);
  if (document === null) return "the query cannot be read";
  const named =
    typeof wanted === "string" && wanted !== ""
      ? document.operations.filter((operation) => operation.name === wanted)
      : document.operations;
  return named.length === 1 ? named : "it is open which operation would run";
}

function readPersisted(endpoint: CompiledEndpoint, payload: Record<string, unknown>): Operation[] | string {
  const { persisted_queries, graphql_persisted_queries: registered = {} } = endpoint.endpoint;
  const extension =
    isRecord(payload.extensions) && isRecord(payload.extensions.persistedQuery)
      ? payload.extensions.persistedQuery.sha256Hash
      : undefined;
  const ids = [extension, payload.id, payload.documentId].filter((id) => id !== undefined);
  const [id] = ids;
  if (ids.length !== 1 || typeof id !== "string") return "it carries no query";
  if (persisted_queries !== "allow_registered") return "stored operations are not allowed";
  const operation: GraphqlOperation | undefined = Object.hasOwn(registered, id) ? registered[id] : undefined;
  if (operation === undefined) return "the stored operation is not registered";
  return [{ type: operation.operation_type, name: operation.operation_name ?? null, fields: operation.fields ?? [] }];
}
