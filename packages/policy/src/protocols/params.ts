/** Matching an MCP tool's arguments against nested globs. */
import { isRecord } from "../canonical/record.ts";
import { foldText } from "../glob/fold.ts";
import { anyOf } from "../glob/set.ts";
import { hasWildcard } from "../glob.ts";
import type { ParamMatcher } from "../model.ts";

/** Asked once for each call; compiled once for each rule. */
export type ParamJudge = (value: unknown) => boolean;

export const allowsParams = (matcher: ParamMatcher, value: unknown): boolean => compileAllowing(matcher)(value);
export const deniesParams = (matcher: ParamMatcher, value: unknown): boolean => compileDenying(matcher)(value);

/** Every argument named is there, is one plain value and matches; wildcards never match a value that climbs with `..`. */
export function compileAllowing(matcher: ParamMatcher): ParamJudge {
  const globs = globsOf(matcher);
  if (globs === null) {
    const wanted = children(matcher).map(([key, child]) => [key, compileAllowing(child)] as const);
    return (value) =>
      isRecord(value) && wanted.every(([key, allows]) => Object.hasOwn(value, key) && allows(value[key]));
  }
  const plain = anyOf(
    globs.filter((glob) => !hasWildcard(glob)),
    { separator: "/" },
  );
  const all = anyOf(globs, { separator: "/" });
  return (value) => {
    const text = plainText(value);
    return text !== null && (climbs(text) ? plain(text) : all(text));
  };
}

/** Every argument named is there and matches in any reading; an argument that is missing cannot be the one that is denied. */
export function compileDenying(matcher: ParamMatcher): ParamJudge {
  const globs = globsOf(matcher);
  if (globs === null) {
    const wanted = children(matcher).map(([key, child]) => [foldText(key), compileDenying(child)] as const);
    return (value) =>
      isRecord(value) && wanted.every(([key, denies]) => valuesByName(value).get(key)?.some(denies) === true);
  }
  const matches = anyOf(globs, { separator: "", ignoreCase: true });
  const denies = (value: unknown): boolean => {
    if (Array.isArray(value)) return value.some(denies);
    const text = plainText(value);
    // A value with parts cannot be compared with a text, so the deny stands.
    if (text === null) return value !== undefined && value !== null;
    return climbs(text) || matches(text);
  };
  return denies;
}

/** A call's arguments by folded name, made once however many rules ask. */
const byName = new WeakMap<object, Map<string, unknown[]>>();

function valuesByName(value: Record<string, unknown>): Map<string, unknown[]> {
  const known = byName.get(value);
  if (known !== undefined) return known;
  const made = new Map<string, unknown[]>();
  for (const [name, item] of Object.entries(value)) {
    const key = foldText(name);
    const same = made.get(key);
    if (same === undefined) made.set(key, [item]);
    else same.push(item);
  }
  byName.set(value, made);
  return made;
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
