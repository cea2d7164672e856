/**
 * JSON with one reading. Threat: `{"method":"a","method":"b"}` is a to one reader and b to another. Invariant: duplicate keys, also
 * in another case, deep nesting and anything JSON.parse refuses are refused.
 */
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

function depthProblem(text: string): string | null {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const c = text[at];
    if (inString) {
      if (c === "\\") at++;
      else if (c === '"') inString = false;
    } else if (c === '"') inString = true;
    else if (c === "{" || c === "[") {
      if (++depth > JSON_DEPTH_MAX) return `the body nests deeper than ${JSON_DEPTH_MAX}`;
    } else if (c === "}" || c === "]") depth--;
  }
  return null;
}

/** The text is valid JSON already: a string in an object is a key exactly when a colon follows it. */
function hasDuplicateKeys(text: string): boolean {
  const open: (Set<string> | null)[] = [];
  for (let at = 0; at < text.length; at++) {
    const c = text[at];
    if (c === "{") open.push(new Set());
    else if (c === "[") open.push(null);
    else if (c === "}" || c === "]") open.pop();
    else if (c === '"') {
      const start = at++;
      while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
      let after = at + 1;
      while (/\s/.test(text[after] ?? "")) after++;
      const keys = open.at(-1);
      if (text[after] !== ":" || keys === null || keys === undefined) continue;
      const key = String(JSON.parse(text.slice(start, at + 1))).toLowerCase();
      if (keys.has(key)) return true;
      keys.add(key);
    }
  }
  return false;
}
