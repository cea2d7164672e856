/**
 * Threat: the agent's headers steer the provider (another organisation's key, cookies, hop-by-hop tricks), and the provider's
 * headers tell the agent about the account. Invariant: only the names below pass, in either direction; no key of the caller does.
 */
import type { InferenceRequest, Protocol } from "../types.ts";
import { scrubText } from "./scrub.ts";

const REQUEST_NAMES = ["accept", "anthropic-beta", "anthropic-version", "idempotency-key", "openai-beta", "user-agent"];

const RESPONSE_NAMES = new Set([
  "content-type",
  "cache-control",
  "request-id",
  "x-request-id",
  "retry-after",
  "retry-after-ms",
  "x-should-retry",
  "openai-processing-ms",
  "openai-version",
]);
const RESPONSE_PREFIXES = ["x-ratelimit-", "anthropic-ratelimit-"];

export type ProviderKind = "openai" | "anthropic" | "gemini";

export interface OutgoingHeaders {
  kind: ProviderKind;
  protocol: Protocol;
  secret: string | null;
  headers: InferenceRequest["headers"];
}

export function requestHeaders({ kind, protocol, secret, headers }: OutgoingHeaders): Record<string, string> {
  // Without compression the answer can be searched for the key as it passes.
  const out: Record<string, string> = { "content-type": "application/json", "accept-encoding": "identity" };
  for (const name of REQUEST_NAMES) {
    const value = headers[name];
    if (value !== undefined) out[name] = typeof value === "string" ? value : value.join(", ");
  }
  if (kind === "anthropic") out["anthropic-version"] ??= "2023-06-01";
  if (secret === null) return out;
  if (protocol === "gemini") return { ...out, "x-goog-api-key": secret };
  return kind === "anthropic" ? { ...out, "x-api-key": secret } : { ...out, authorization: `Bearer ${secret}` };
}

export type IncomingHeaders = Readonly<Record<string, string | string[] | undefined>>;

export function responseHeaders(headers: IncomingHeaders, secret: string | null): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [name, raw] of Object.entries(headers)) {
    if (raw === undefined) continue;
    if (!RESPONSE_NAMES.has(name) && !RESPONSE_PREFIXES.some((prefix) => name.startsWith(prefix))) continue;
    const value = typeof raw === "string" ? raw : raw.join(", ");
    out[name] = secret === null ? value : scrubText(value, secret);
  }
  return out;
}
