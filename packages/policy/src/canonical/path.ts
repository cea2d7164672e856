/**
 * One spelling for every request target. Threat: dot segments, double slashes, encodings and path parameters that the judge reads
 * one way and the server another. Invariant: idempotent; the gateway forwards exactly what this returns, so what is judged is what
 * is forwarded; what servers are known to read differently is refused, not repaired.
 */
import { QUERY_PARAMS_MAX, TARGET_CHARS_MAX } from "../limits.ts";

export interface CanonicalTarget {
  /** Begins with `/`; unreserved characters decoded, escapes upper case, no empty, `.` or `..` segment. */
  path: string;
  /** As sent, without the `?`; empty when there is none. */
  query: string;
}

const ESCAPE = /%([0-9A-Fa-f]{2})/g;
const UNRESERVED = /^[A-Za-z0-9\-._~]$/;
/** RFC 3986 pchar and `/`, less `;`, which some servers cut off as a path parameter after the judge has seen it. */
const PATH_CHARS = /^[A-Za-z0-9\-._~!$&'()*+,=:@%/]*$/;
const QUERY_CHARS = /^[A-Za-z0-9\-._~!$&'()*+,=:@%/?;[\]{}|"<>^`]*$/;

/** Everything that is said of one request target. */
export interface ReadTarget extends CanonicalTarget {
  /** Decoded parameters in order, duplicates kept. */
  params: [string, string][];
}

/** Null refuses: not origin-form, malformed or double escapes, `;` `\` `#`, control or non-ASCII characters, `..` above the root, `%2F` unless asked for. */
export function canonicalPath(rawTarget: string, options: { allowEncodedSlash: boolean }): CanonicalTarget | null {
  const read = readTarget(rawTarget, options);
  return read === null ? null : { path: read.path, query: read.query };
}

export function readTarget(rawTarget: string, options: { allowEncodedSlash: boolean }): ReadTarget | null {
  if (rawTarget.length > TARGET_CHARS_MAX) return null;
  const mark = rawTarget.indexOf("?");
  const rawPath = mark === -1 ? rawTarget : rawTarget.slice(0, mark);
  const path = isCanonicalPath(rawPath) ? rawPath : settlePath(rawPath, options);
  if (path === null) return null;
  if (mark === -1) return { path, query: "", params: [] };
  const query = rawTarget.slice(mark + 1);
  if (!QUERY_CHARS.test(query) || hasBrokenEscape(query)) return null;
  const params = parseQuery(query);
  return params === null ? null : { path, query, params };
}

/** By character code: 1 where it may stand in a path as it is. An escape is left to the full reading. */
const PLAIN_IN_PATH = new Uint8Array(128);
for (const character of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,=:@/")
  PLAIN_IN_PATH[character.charCodeAt(0)] = 1;
const SLASH = 47;
const DOT = 46;

/** True only for what `settlePath` would return unchanged: most paths, so that most are read once. */
export function isCanonicalPath(path: string): boolean {
  if (path.charCodeAt(0) !== SLASH) return false;
  let previous = 0;
  for (let at = 0; at < path.length; at++) {
    const code = path.charCodeAt(at);
    if (code >= PLAIN_IN_PATH.length || PLAIN_IN_PATH[code] !== 1) return false;
    // A segment that is empty or begins with a dot may be one that goes away.
    if (previous === SLASH && (code === SLASH || code === DOT)) return false;
    previous = code;
  }
  return true;
}

/** The full reading of a path, without its query; null refuses. */
export function settlePath(rawPath: string, options: { allowEncodedSlash: boolean }): string | null {
  if (!rawPath.startsWith("/") || !PATH_CHARS.test(rawPath) || hasBrokenEscape(rawPath)) return null;
  const escapes = normalizeEscapes(rawPath, options.allowEncodedSlash);
  return escapes === null ? null : removeDotSegments(escapes);
}

const hasBrokenEscape = (text: string): boolean => /%(?![0-9A-Fa-f]{2})/.test(text);

function normalizeEscapes(path: string, allowEncodedSlash: boolean): string | null {
  let refused = false;
  const normalized = path.replace(ESCAPE, (_, hex: string) => {
    const code = Number.parseInt(hex, 16);
    const character = String.fromCharCode(code);
    // Control characters end a string in some servers; an encoded backslash is a slash in others.
    if (code < 0x20 || code === 0x7f || character === "\\") refused = true;
    if (character === "/" && !allowEncodedSlash) refused = true;
    return UNRESERVED.test(character) ? character : `%${hex.toUpperCase()}`;
  });
  // A `%25` before two hex digits becomes an escape for whoever decodes twice.
  if (refused || /%25[0-9A-Fa-f]{2}/.test(normalized) || hasBrokenEscape(normalized)) return null;
  // Bytes that are no UTF-8 have no single reading; overlong forms of `.` and `/` fall here too.
  const decoded = decode(normalized);
  if (decoded === null) return null;
  // A `..` hidden behind an encoded slash is one for whoever decodes before splitting.
  if (normalized.includes("%2F") && HIDDEN_DOTS.test(decoded)) return null;
  return normalized;
}
/** Segments of dots; also refused where they stand plainly beside an encoded slash, because the two readings differ. */
const HIDDEN_DOTS = /(^|\/)\.\.?(\/|$)/;

/** RFC 3986 section 5.2.4, with repeated slashes merged; null when `..` would climb above the root. */
function removeDotSegments(path: string): string | null {
  const kept: string[] = [];
  const segments = path.split("/").slice(1);
  for (const segment of segments) {
    if (segment === "" || segment === ".") continue;
    if (segment === "..") {
      if (kept.pop() === undefined) return null;
    } else kept.push(segment);
  }
  const last = segments.at(-1);
  const endsOpen = last === "" || last === "." || last === "..";
  return kept.length === 0 ? "/" : `/${kept.join("/")}${endsOpen ? "/" : ""}`;
}

/** Percent-decoded text, or null when it is not UTF-8. */
export function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/** Decoded parameters in order, duplicates kept; null when a part cannot be decoded or there are too many. */
export function parseQuery(query: string): [string, string][] | null {
  if (query === "") return [];
  const parts = query.split("&");
  if (parts.length > QUERY_PARAMS_MAX) return null;
  const params: [string, string][] = [];
  for (const part of parts) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    const key = decodeField(equals === -1 ? part : part.slice(0, equals));
    const value = decodeField(equals === -1 ? "" : part.slice(equals + 1));
    if (key === null || value === null) return null;
    params.push([key, value]);
  }
  return params;
}

/** One name or value of a query or a form. */
export const decodeField = (text: string): string | null =>
  /[%+]/.test(text) ? decode(text.replaceAll("+", " ")) : text;
