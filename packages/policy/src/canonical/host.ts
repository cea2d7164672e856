/**
 * One spelling for every name. Threat: a host written so that the judge and the dialler read different names (case, trailing dot,
 * full-width digits, octal or hex addresses, punycode). Invariant: idempotent; what has no single reading is refused.
 */
import { HOST_CHARS_MAX, LABEL_CHARS_MAX } from "../limits.ts";
import { canonicalAddress } from "./address.ts";

/** What a URL parser would read as something other than part of a host name. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are exactly what is refused here.
const NOT_IN_A_HOST = /[\u0000-\u0020\u007f%/\\?#@<>^|[\]{}"'`*,;]/;
const LABEL = /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$/;

/** Lower-case ASCII name without trailing dot, or the canonical text of an IP literal (no brackets); null refuses. */
export const canonicalHost = (raw: string): string | null => (isPlainName(raw) ? raw : settleHost(raw));

const HYPHEN = 45;
const DOT = 46;
const UNDERSCORE = 95;
const isDigit = (code: number): boolean => code >= 48 && code <= 57;
const isLower = (code: number): boolean => code >= 97 && code <= 122;

/**
 * True only for names that `settleHost` would return unchanged: lower case, sound labels, the last of which begins with a letter (so
 * that it is no address), and no two hyphens together (which mark punycode). Most names, so that most are read once.
 */
export function isPlainName(raw: string): boolean {
  if (raw.length === 0 || raw.length > HOST_CHARS_MAX) return false;
  let labelAt = 0;
  let previous = DOT;
  for (let at = 0; at < raw.length; at++) {
    const code = raw.charCodeAt(at);
    if (code === DOT) {
      if (previous === DOT || previous === HYPHEN || at - labelAt > LABEL_CHARS_MAX) return false;
      labelAt = at + 1;
    } else if (code === HYPHEN) {
      if (previous === DOT || previous === HYPHEN) return false;
    } else if (!isLower(code) && !isDigit(code) && code !== UNDERSCORE) return false;
    previous = code;
  }
  const endsSoundly = previous !== DOT && previous !== HYPHEN && raw.length - labelAt <= LABEL_CHARS_MAX;
  // An underscore in the last label is left to the full reading.
  return endsSoundly && isLower(raw.charCodeAt(labelAt)) && !raw.includes("_", labelAt);
}

/** The full reading of a host; null refuses. */
export function settleHost(raw: string): string | null {
  if (raw.length === 0 || raw.length > HOST_CHARS_MAX * 4) return null;
  const bracketed = raw.startsWith("[") && raw.endsWith("]") ? raw.slice(1, -1) : raw;
  if (bracketed.includes(":")) return canonicalAddress(bracketed);
  if (bracketed !== raw || NOT_IN_A_HOST.test(raw)) return null;
  const undotted = raw.endsWith(".") ? raw.slice(0, -1) : raw;
  if (undotted.length === 0 || undotted.endsWith(".")) return null;
  const name = toAscii(undotted);
  if (name === null) return null;
  const address = canonicalAddress(name);
  if (address !== null) return address;
  if (name.length > HOST_CHARS_MAX) return null;
  const labels = name.split(".");
  return labels.every((label) => label.length <= LABEL_CHARS_MAX && LABEL.test(label)) ? name : null;
}

/** The URL standard's host parser (UTS 46, and IPv4 in every base) is the same in Node and in browsers. */
function toAscii(text: string): string | null {
  try {
    const { hostname } = new URL(`http://${text}/`);
    return hostname.endsWith(".") ? null : hostname;
  } catch {
    return null;
  }
}

export const isIpLiteral = (canonical: string): boolean => canonicalAddress(canonical) !== null;
