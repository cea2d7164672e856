import { QUERY_CHARS_MAX } from "./limits.ts";
import type { InferenceRequest, Operation, Protocol } from "./types.ts";

export type Route =
  /** `named`: what Gemini says in the path and the other protocols in the body. */
  | { kind: "model"; protocol: Protocol; operation: Operation; named: { model: string; stream: boolean } | null }
  | { kind: "list"; protocol: Protocol }
  | { kind: "hello" };

interface Entry {
  methods: readonly string[];
  route: Route;
}

const model = (protocol: Protocol, operation: Operation = "generate"): Entry => ({
  methods: ["POST"],
  route: { kind: "model", protocol, operation, named: null },
});

/** Exact spellings only: a path that needs normalising before it matches is not one of ours. */
const table: ReadonlyMap<string, Entry> = new Map([
  ["/v1/chat/completions", model("openai-chat")],
  ["/v1/responses", model("openai-responses")],
  ["/v1/messages", model("anthropic-messages")],
  ["/v1/messages/count_tokens", model("anthropic-messages", "count-tokens")],
  ["/v1beta/models", { methods: ["GET", "HEAD"], route: { kind: "list", protocol: "gemini" } }],
  ["/v1/models", { methods: ["GET", "HEAD"], route: { kind: "list", protocol: "openai-chat" } }],
  // Claude Code asks this before its first message, to learn whether the base URL answers at all.
  ["/api/hello", { methods: ["GET", "HEAD"], route: { kind: "hello" } }],
]);

const GEMINI = /^\/v1beta\/models\/([A-Za-z0-9._-]{1,256}):(generateContent|streamGenerateContent|countTokens)$/;

function geminiEntry(pathname: string): Entry | undefined {
  const [, model = "", method] = GEMINI.exec(pathname) ?? [];
  if (method === undefined) return undefined;
  const operation = method === "countTokens" ? "count-tokens" : "generate";
  const named = { model, stream: method === "streamGenerateContent" };
  return { methods: ["POST"], route: { kind: "model", protocol: "gemini", operation, named } };
}

export type Match =
  | { kind: "found"; route: Route; query: string }
  | { kind: "method"; allow: string; protocol: Protocol }
  | { kind: "none"; protocol: Protocol };

/** The protocol whose error shape an unmatched request gets. */
function guessProtocol(pathname: string, headers: InferenceRequest["headers"]): Protocol {
  if (pathname.startsWith("/v1/messages") || headers["anthropic-version"] !== undefined) return "anthropic-messages";
  if (pathname.startsWith("/v1beta/")) return "gemini";
  return pathname.startsWith("/v1/responses") ? "openai-responses" : "openai-chat";
}

/** Printable ASCII without spaces; what is forwarded to a provider cannot then break its request line. */
const QUERY = /^(\?[\x21-\x7e]*)?$/;

export function matchRoute(request: InferenceRequest): Match {
  const mark = request.path.indexOf("?");
  const pathname = mark < 0 ? request.path : request.path.slice(0, mark);
  const query = mark < 0 ? "" : request.path.slice(mark);
  const protocol = guessProtocol(pathname, request.headers);
  const entry = table.get(pathname) ?? geminiEntry(pathname);
  if (!entry || query.length > QUERY_CHARS_MAX || !QUERY.test(query)) return { kind: "none", protocol };
  if (!entry.methods.includes(request.method)) return { kind: "method", allow: entry.methods.join(", "), protocol };
  // One path lists models for two families; the version header tells them apart.
  const route = entry.route.kind === "list" ? { ...entry.route, protocol } : entry.route;
  return { kind: "found", route, query };
}
