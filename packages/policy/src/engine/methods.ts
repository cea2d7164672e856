/** By which methods a request may be understood. Threat: a POST that the server takes for a DELETE; a target read in two ways. */
import { canonicalPath, decodeField } from "../canonical/path.ts";
import type { PolicyRequest } from "../types.ts";
import { headerOf } from "./headers.ts";

export const UNREADABLE_METHOD = "The method is none, or CONNECT, which nothing could inspect.";
export const UNREADABLE_TARGET = "The request target has no single reading, so it is refused rather than guessed.";
const METHOD = /^[A-Z][A-Z0-9_-]{0,31}$/;
/** Headers by which frameworks let a POST act as another method. */
const OVERRIDE_HEADERS = ["x-http-method-override", "x-http-method", "x-method-override"];

/** Most requests by far: without headers, and for POST without a body, nothing else can name a method. */
const PLAIN_METHODS: ReadonlyMap<string, readonly string[]> = new Map(
  ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"].map((method) => [method, [method]]),
);

/** A request that names a second method is judged as both. */
export function methodsOf(rawMethod: string, request: PolicyRequest): readonly string[] | null {
  const plain = request.headers === undefined ? PLAIN_METHODS.get(rawMethod) : undefined;
  if (plain !== undefined && (request.body === undefined || rawMethod !== "POST")) return plain;
  const methods = [rawMethod.toUpperCase()];
  if (request.headers !== undefined)
    for (const name of OVERRIDE_HEADERS) {
      const value = headerOf(request.headers, name)?.trim().toUpperCase();
      if (value !== undefined && !methods.includes(value)) methods.push(value);
    }
  if (methods[0] === "POST")
    for (const named of methodsOfForm(request)) if (!methods.includes(named)) methods.push(named);
  return methods.every((method) => METHOD.test(method) && method !== "CONNECT") ? methods : null;
}

const FORM = /^\s*application\/x-www-form-urlencoded\s*(;|$)/i;

/** Frameworks let a form's `_method` field stand for the method; what is no method there, they pass over. */
function methodsOfForm({ headers, body }: PolicyRequest): string[] {
  if (headers === undefined || body === undefined || !FORM.test(headerOf(headers, "content-type") ?? "")) return [];
  const named: string[] = [];
  for (const field of body.split("&")) {
    const equals = field.indexOf("=");
    if (equals === -1 || decodeField(field.slice(0, equals))?.toLowerCase() !== "_method") continue;
    const value = decodeField(field.slice(equals + 1))
      ?.trim()
      .toUpperCase();
    if (value !== undefined && METHOD.test(value) && !named.includes(value)) named.push(value);
    if (named.length > FORM_METHODS_MAX) return ["CONNECT"];
  }
  return named;
}
/** A form that names more methods than this is judged as CONNECT would be: a hostile one could name thousands. */
const FORM_METHODS_MAX = 4;

/** Why no rule could judge this request, whatever it says; null when it can be judged. */
export function unreadable(request: PolicyRequest): string | null {
  if (request.method === undefined) return null;
  if (methodsOf(request.method, request) === null) return UNREADABLE_METHOD;
  const readable = request.path !== undefined && canonicalPath(request.path, { allowEncodedSlash: true }) !== null;
  return readable ? null : UNREADABLE_TARGET;
}
