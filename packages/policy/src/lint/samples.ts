/** One concrete request for a pattern. Every finding that shows a request takes it from here and has it judged. */

import type { GlobOptions } from "../glob/types.ts";
import { compileGlob } from "../glob.ts";
import type { Binary, Clause, Matcher, RequestMatcher } from "../model.ts";
import type { PolicyRequest } from "../types.ts";
import type { Ref } from "./endpoints.ts";

/** Characters tried for one of a class. */
const CLASS_CHARACTERS = ["x", "0", "a", "A", "1", "-", "_"];

/** A text that the pattern matches, each wildcard standing for one plain word; null when none was found. */
export function sampleOf(pattern: string, separator: GlobOptions["separator"]): string | null {
  const words = separator === "/" ? pattern.replaceAll("**/", "x/") : pattern;
  const filled = words.replace(/\*+/g, "x").replaceAll("?", "x");
  const matches = compileGlob(pattern, { separator });
  for (const character of CLASS_CHARACTERS) {
    const text = filled.replace(/\[[^\]]+\]/g, character);
    if (matches(text)) return text;
  }
  return null;
}

/** A path always begins with a slash, whatever the pattern begins with. */
export function samplePath(pattern: string): string | null {
  const text = sampleOf(pattern, "/");
  if (text === null || text.startsWith("/")) return text;
  return compileGlob(pattern, { separator: "/" })(`/${text}`) ? `/${text}` : null;
}

const sampleMatcher = (matcher: Matcher): string =>
  sampleOf(typeof matcher === "string" ? matcher : (matcher.any[0] ?? ""), "") ?? "x";

export const sampleQuery = (query: Clause["query"]): string =>
  Object.entries(query ?? {})
    .map(([name, matcher]) => `${encodeURIComponent(name)}=${encodeURIComponent(sampleMatcher(matcher))}`)
    .join("&");

const sampleHeaders = (matcher: RequestMatcher | undefined): Record<string, string> =>
  Object.fromEntries(Object.entries(matcher?.headers ?? {}).map(([name, value]) => [name, sampleMatcher(value)]));

export type Caller = Pick<PolicyRequest, "binary" | "sha256" | "script">;

export function sampleCaller(binary: Binary): Caller {
  return {
    binary: sampleOf(binary.path, "/") ?? "/x",
    sha256: binary.sha256,
    script: binary.script === undefined ? undefined : (sampleOf(binary.script, "/") ?? undefined),
  };
}

export const sampleHost = (pattern: string): string => sampleOf(pattern, ".") ?? pattern;

/** A connection that the endpoint names, by its first program unless another is given. */
export function sampleConnection(ref: Ref, caller?: Caller): PolicyRequest {
  const [binary] = ref.entry.binaries;
  const address = ref.endpoint.allowed_ips?.[0]?.split("/")[0];
  return {
    ...(caller ?? sampleCaller(binary ?? { path: "/x" })),
    host: sampleHost(ref.endpoint.host),
    port: ref.endpoint.ports[0] ?? 443,
    ...(address === undefined ? {} : { ip: address }),
  };
}

export interface Asking {
  method: string;
  path: string;
  query?: string;
  body?: string;
  headers?: Record<string, string>;
}

/** A request through the endpoint that meets its entry's conditions. */
export function sampleRequest(
  ref: Ref,
  { method, path, query, body, headers }: Asking,
  caller?: Caller,
): PolicyRequest {
  return {
    ...sampleConnection(ref, caller),
    method,
    path: query === undefined || query === "" ? path : `${path}?${query}`,
    headers: { ...sampleHeaders(ref.entry.request), ...headers },
    body: body ?? "",
  };
}

export const clauseHeaders = (clause: Clause): Record<string, string> => sampleHeaders(clause.request);
