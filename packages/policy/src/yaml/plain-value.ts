/** What an unquoted word means. The library's own table decides, so that both ways of reading a file agree. */
import { Document, isScalar, type ScalarTag } from "yaml";

const tags: ScalarTag[] = new Document(null, { version: "1.2", schema: "core", merge: false }).schema.tags.filter(
  (tag): tag is ScalarTag => tag.collection === undefined && tag.default === true && tag.test !== undefined,
);
const OPTIONS = { intAsBigInt: false } as const;

/** Begins like a number, `true`, `false`, `null`, `~` or `.inf`; every other word is text. */
const mayBeMore = (first: string): boolean => /[0-9.+~tTfFnN-]/.test(first);

/** Ports and words like `true` come again and again. */
const SHORT_CHARS = 6;
const KNOWN_MAX = 4096;
const known = new Map<string, unknown>();

export function plainValue(source: string): unknown {
  if (!mayBeMore(source.charAt(0))) return source;
  if (source.length > SHORT_CHARS) return resolve(source);
  const cached = known.get(source);
  if (cached !== undefined) return cached;
  const value = resolve(source);
  if (known.size < KNOWN_MAX) known.set(source, value);
  return value;
}

function resolve(source: string): unknown {
  const tag = tags.find(({ test }) => test?.test(source) === true);
  if (tag === undefined) return source;
  const value: unknown = tag.resolve(source, () => undefined, OPTIONS);
  return isScalar(value) ? value.value : value;
}
