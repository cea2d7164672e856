/** By which methods a request may be understood. Threat: a POST that the server takes for a DELETE; a target read in two ways. */
import { decodeField } from "../canonical/path.ts";
import type { PolicyRequest } from "../types.ts";
import { headerOf } from "./headers.ts";
import { type JudgedTarget, judgeTarget } from "./target.ts";

const UNREADABLE_METHOD = "The method is none, or CONNECT, which nothing could inspect.";
const UNREADABLE_TARGET = "The request target has no single reading, so it is refused rather than guessed.";
const METHOD = /^[A-Z][A-Z0-9_-]{0,31}$/;
/** Headers by which frameworks let a POST act as another method. */
const OVERRIDE_HEADERS = [
  ...["x-http-method-override", "x-http-method", "x-method-override"],
  // Some servers take `_` for `-`.
  ...["x_http_method_override", "x_http_method", "x_method_override"],
];
/** Headers by which servers read another path than the one that was judged. */
const PATH_HEADERS = ["x-original-url", "x-rewrite-url"];
const UNREADABLE_PATH = "A header names another path than the request, and servers differ in which they take.";

const namesAnotherPath = ({ headers }: PolicyRequest): boolean =>
  headers !== undefined && PATH_HEADERS.some((name) => headerOf(headers, name) !== undefined);

/** Most requests by far: without headers, and for POST without a body, nothing else can name a method. */
const PLAIN_METHODS: ReadonlyMap<string, readonly string[]> = new Map(
  ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"].map((method) => [method, [method]]),
);

/** A request that names a second method is judged as both. */
function methodsOf(rawMethod: string, request: PolicyRequest): readonly string[] | null {
  const plain = request.headers === undefined ? PLAIN_METHODS.get(rawMethod) : undefined;
  const named = rawMethod === "POST" && (request.body !== undefined || request.path?.includes("?") === true);
  if (plain !== undefined && !named) return plain;
  const methods = [rawMethod.toUpperCase()];
  if (request.headers !== undefined)
    for (const name of OVERRIDE_HEADERS) {
      const value = headerOf(request.headers, name)?.trim().toUpperCase();
      if (value !== undefined && !methods.includes(value)) methods.push(value);
    }
  if (methods[0] === "POST")
    for (const name of [...methodsOfForm(request), ...methodsOfQuery(request)])
      if (!methods.includes(name)) methods.push(name);
  return methods.every((method) => METHOD.test(method) && method !== "CONNECT") ? methods : null;
}

const FORM = /^\s*application\/x-www-form-urlencoded\s*(;|$)/i;

/** The same frameworks look for `_method` in the query. */
function methodsOfQuery({ path }: PolicyRequest): string[] {
  const query = path === undefined ? -1 : path.indexOf("?");
  return path === undefined || query === -1 ? [] : methodFields(path.slice(query + 1));
}

/** Frameworks let a form's `_method` field stand for the method; what is no method there, they pass over. */
function methodsOfForm({ headers, body }: PolicyRequest): string[] {
  if (headers === undefined || body === undefined || !FORM.test(headerOf(headers, "content-type") ?? "")) return [];
  return methodFields(body);
}

function methodFields(fields: string): string[] {
  const named: string[] = [];
  for (const field of fields.split("&")) {
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
/** A text that names more methods than this is judged as CONNECT would be: a hostile one could name thousands. */
const FORM_METHODS_MAX = 4;

/** A request as it can be judged: by which methods, at which target; or why no rule could judge it, whatever it says. */
export function readHead(
  request: PolicyRequest,
  rawMethod: string,
): { methods: readonly string[]; target: JudgedTarget } | string {
  const methods = methodsOf(rawMethod, request);
  if (methods === null) return UNREADABLE_METHOD;
  if (namesAnotherPath(request)) return UNREADABLE_PATH;
  const target = request.path === undefined ? null : judgeTarget(request.path);
  return target === null ? UNREADABLE_TARGET : { methods, target };
}
