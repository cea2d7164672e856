/** Matching an MCP tool's arguments against nested globs. */
import { isRecord } from "../canonical/record.ts";
import { compileGlob, hasWildcard } from "../glob.ts";
import type { ParamMatcher } from "../model.ts";

/** Every argument named is there, is one plain value and matches; wildcards never match a value that climbs with `..`. */
export function allowsParams(matcher: ParamMatcher, value: unknown): boolean {
  const globs = globsOf(matcher);
  if (globs === null)
    return (
      isRecord(value) &&
      children(matcher).every(([key, child]) => Object.hasOwn(value, key) && allowsParams(child, value[key]))
    );
  const text = plainText(value);
  if (text === null) return false;
  return globs.some((glob) => !(hasWildcard(glob) && climbs(text)) && compileGlob(glob, { separator: "/" })(text));
}

/** Every argument named is there and matches in any reading; an argument that is missing cannot be the one that is denied. */
export function deniesParams(matcher: ParamMatcher, value: unknown): boolean {
  const globs = globsOf(matcher);
  if (globs === null)
    return (
      isRecord(value) &&
      children(matcher).every(([key, child]) =>
        Object.entries(value).some(
          ([name, item]) => name.toLowerCase() === key.toLowerCase() && deniesParams(child, item),
        ),
      )
    );
  if (Array.isArray(value)) return value.some((item) => deniesParams(matcher, item));
  const text = plainText(value);
  // A value with parts cannot be compared with a text, so the deny stands.
  if (text === null) return value !== undefined && value !== null;
  return climbs(text) || globs.some((glob) => compileGlob(glob, { separator: "", ignoreCase: true })(text));
}

function globsOf(matcher: ParamMatcher): string[] | null {
  if (typeof matcher === "string") return [matcher];
  return Array.isArray(matcher.any) ? matcher.any.filter((glob): glob is string => typeof glob === "string") : null;
}

const children = (matcher: ParamMatcher): [string, ParamMatcher][] =>
  typeof matcher === "string" ? [] : Object.entries(matcher as Record<string, ParamMatcher>);

const plainText = (value: unknown): string | null =>
  typeof value === "string" ? value : typeof value === "number" || typeof value === "boolean" ? String(value) : null;

const climbs = (text: string): boolean => /(^|[/\\])\.\.([/\\]|$)/.test(text);
