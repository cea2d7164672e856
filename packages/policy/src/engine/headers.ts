import { anyOf } from "../glob/set.ts";
import type { GlobMatcher } from "../glob/types.ts";
import type { Matcher, RequestMatcher } from "../model.ts";
import type { PolicyRequest } from "../types.ts";

export interface CompiledRequestMatcher {
  /** Every header named is there and matches, and the body is known to be small enough. */
  allows(request: PolicyRequest): boolean;
  /** Every header named is there and matches; headers that were not given count as matching, so a deny is never lost. */
  denies(request: PolicyRequest): boolean;
  bodyBytesMax: number | null;
}

export const compileMatcher = (matcher: Matcher, ignoreCase: boolean): GlobMatcher =>
  anyOf(typeof matcher === "string" ? [matcher] : matcher.any, { separator: "", ignoreCase });

/** `name` in lower case. The length is asked first: thousands of rules may ask about hundreds of headers. */
export function headerOf(headers: Readonly<Record<string, string>>, name: string): string | undefined {
  for (const key in headers)
    if (key.length === name.length && key.toLowerCase() === name && Object.hasOwn(headers, key)) return headers[key];
  return undefined;
}

/** Every value a header could be taken for: each of its lines, whatever the case of its name, whole and split at commas. */
function readingsOfHeader(headers: Readonly<Record<string, string>>, name: string): string[] {
  const found: string[] = [];
  for (const [key, value] of Object.entries(headers))
    if (key.length === name.length && key.toLowerCase() === name)
      found.push(value, ...value.split(",").map((part) => part.trim()));
  return found;
}

export function compileRequestMatcher(matcher: RequestMatcher): CompiledRequestMatcher {
  const compile = (ignoreCase: boolean) =>
    Object.entries(matcher.headers ?? {}).map(
      ([name, value]) => [name.toLowerCase(), compileMatcher(value, ignoreCase)] as const,
    );
  const allowing = compile(false);
  const denying = compile(true);
  const bodyBytesMax = matcher.max_body_bytes ?? null;
  return {
    bodyBytesMax,
    allows(request) {
      const headers = request.headers ?? {};
      for (const [name, glob] of allowing) {
        const value = headerOf(headers, name);
        if (value === undefined || !glob(value)) return false;
      }
      if (bodyBytesMax === null) return true;
      const size = bodyBytes(request);
      return size !== null && size <= bodyBytesMax;
    },
    denies(request) {
      if (request.headers === undefined) return true;
      const headers = request.headers;
      return denying.every(([name, glob]) => readingsOfHeader(headers, name).some(glob));
    },
  };
}

/** The body's size where it can be known before it is read; null where it cannot. */
function bodyBytes(request: PolicyRequest): number | null {
  if (request.body !== undefined) return new TextEncoder().encode(request.body).length;
  if (request.headers === undefined || headerOf(request.headers, "transfer-encoding") !== undefined) return null;
  const length = headerOf(request.headers, "content-length");
  if (length === undefined) return 0;
  return /^\d{1,15}$/.test(length) ? Number(length) : null;
}
