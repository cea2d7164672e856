/**
 * A refusal in the words of the protocol that the body speaks: a client of JSON-RPC or MCP waits for a message with its own id, one of GraphQL
 * for `errors`, and what comes in another form its program takes for a broken server. It changes how a refusal reads and nothing else.
 */
export interface ProtocolRefusal {
  status: number;
  type: string;
  body: string;
}

/** In the range that JSON-RPC leaves to servers, and neither MCP's nor its SDKs' own. */
export const JSON_RPC_DENIED = -32_003;
/** Calls of one batch that are answered one by one: each answer is longer than its call. */
export const ANSWERED_CALLS_MAX = 64;
const JSON_TYPE = "application/json";
/** https://graphql.github.io/graphql-over-http/draft/#sec-Media-Types */
const GRAPHQL_TYPE = "application/graphql-response+json";

interface Refused {
  /** The request's body, as it was judged. */
  body: Buffer;
  /** What the client says it takes; empty when it says nothing. */
  accept: string;
  reason: string;
  /** Rule, reason and what to do next, as any other client reads them. */
  words: Readonly<Record<string, unknown>>;
  /** The status of a refusal in words. */
  status: number;
}

/** Null: the body speaks none of these, or not so that an answer could be matched to it. */
export function refusalInProtocol({ body, accept, reason, words, status }: Refused): ProtocolRefusal | null {
  const said = parsed(body);
  const message = `policy_denied: ${reason}`;
  const calls = (Array.isArray(said) ? said : [said]).map(jsonRpcCall);
  if (calls.length > 0 && calls.length <= ANSWERED_CALLS_MAX && calls.every((call) => call !== null)) {
    const error = { code: JSON_RPC_DENIED, message, data: words };
    const ids = calls.flatMap((call) => (call?.id === undefined ? [] : [call.id]));
    const answers = ids.map((id) => ({ jsonrpc: "2.0", id, error }));
    // What nobody waits for has no answer but the status; beside it, MCP allows an error without an id.
    if (answers.length === 0) return { status, type: JSON_TYPE, body: JSON.stringify({ jsonrpc: "2.0", error }) };
    return {
      status: status === 403 ? 200 : status,
      type: JSON_TYPE,
      body: JSON.stringify(Array.isArray(said) ? answers : answers[0]),
    };
  }
  if (!isObject(said) || typeof said.query !== "string") return null;
  const type = accept.toLowerCase().includes(GRAPHQL_TYPE) ? GRAPHQL_TYPE : JSON_TYPE;
  const errors = [{ message, extensions: { ...words, code: "POLICY_DENIED" } }];
  return { status, type, body: JSON.stringify({ errors }) };
}

type Id = string | number;

/** A call or a notification (`id` undefined); null for everything else, an id that answers cannot carry among it. */
function jsonRpcCall(said: unknown): { id: Id | undefined } | null {
  if (!isObject(said) || said.jsonrpc !== "2.0" || typeof said.method !== "string") return null;
  const { id } = said;
  return id === undefined || typeof id === "string" || typeof id === "number" ? { id } : null;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return null;
  }
}
