/**
 * JSON with one reading. Threat: `{"method":"a","method":"b"}` is a to one reader and b to another. Invariant: duplicate keys, also
 * in another case, deep nesting and anything JSON.parse refuses are refused.
 */
import { foldText } from "../glob/fold.ts";
import { JSON_DEPTH_MAX } from "../limits.ts";

export type StrictJson = { ok: true; value: unknown } | { ok: false; reason: string };

export function readJson(text: string): StrictJson {
  let value: unknown;
  const depth = depthProblem(text);
  if (depth !== null) return { ok: false, reason: depth };
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, reason: "the body is no JSON" };
  }
  return hasDuplicateKeys(text) ? { ok: false, reason: "the body names a key twice" } : { ok: true, value };
}

const QUOTE = 34;
const BACKSLASH = 92;
const OPEN_LIST = 91;
const CLOSE_LIST = 93;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;
const COLON = 58;

function depthProblem(text: string): string | null {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (inString) {
      if (code === BACKSLASH) at++;
      else if (code === QUOTE) inString = false;
    } else if (code === QUOTE) inString = true;
    else if (code === OPEN_OBJECT || code === OPEN_LIST) {
      if (++depth > JSON_DEPTH_MAX) return `the body nests deeper than ${JSON_DEPTH_MAX}`;
    } else if (code === CLOSE_OBJECT || code === CLOSE_LIST) depth--;
  }
  return null;
}

/** The text is valid JSON already: a string in an object is a key exactly when a colon follows it. */
function hasDuplicateKeys(text: string): boolean {
  const open: (Set<string> | null)[] = [];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === OPEN_OBJECT) open.push(new Set());
    else if (code === OPEN_LIST) open.push(null);
    else if (code === CLOSE_OBJECT || code === CLOSE_LIST) open.pop();
    else if (code === QUOTE) {
      const start = at++;
      let escaped = false;
      for (let inside = text.charCodeAt(at); inside !== QUOTE; inside = text.charCodeAt(at)) {
        escaped ||= inside === BACKSLASH;
        at += inside === BACKSLASH ? 2 : 1;
      }
      const keys = open.at(-1);
      if (keys === null || keys === undefined || !colonFollows(text, at + 1)) continue;
      const written = escaped ? String(JSON.parse(text.slice(start, at + 1))) : text.slice(start + 1, at);
      const key = foldText(written);
      if (keys.has(key)) return true;
      keys.add(key);
    }
  }
  return false;
}

function colonFollows(text: string, from: number): boolean {
  let at = from;
  // Space, tab, line feed and carriage return are all the white space that JSON knows.
  while (text.charCodeAt(at) <= 32) at++;
  return text.charCodeAt(at) === COLON;
}
