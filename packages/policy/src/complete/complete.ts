/** What may be written at a place of a policy file, and what stands there: for editors. */
import type { Spec } from "../schema/spec.ts";
import { readLines } from "./lines.ts";
import { type CompletionOption, keyOptions, valueOptions } from "./options.ts";
import { resolve } from "./resolve.ts";
import { spotAt } from "./spot.ts";
import type { Spot } from "./types.ts";
import { usedWords } from "./used.ts";

export interface Completion {
  /** Offsets of the text that an option replaces; equal where nothing is written yet. */
  from: number;
  to: number;
  options: CompletionOption[];
}

/** Every proposal that is valid at the place, whatever is typed of it yet; the editor narrows them by the text from `from`. */
export function completePolicy(yamlText: string, offset: number): Completion {
  const nothing = { from: offset, to: offset, options: [] };
  const lines = readLines(yamlText);
  const spot = spotAt(yamlText, lines, offset);
  if (spot === null) return nothing;
  const at = resolve(spot.steps);
  if (at === null) return nothing;
  const options = spot.place === "key" ? keyOptions(at, spot) : [];
  if (options.length > 0) return { from: spot.from, to: spot.to, options };
  // A list item or a value on a line of its own looks like a key that is not finished.
  const values = spot.place === "value" || !spot.hasColon ? valueOptions(at, spot, usedWords(lines)) : [];
  return { ...withoutQuotes(yamlText, spot, values), options: values };
}

/** Options bring their own quotes where they need them, so a whole quoted word is replaced. */
function withoutQuotes(text: string, spot: Spot, options: CompletionOption[]): { from: number; to: number } {
  const quote = text[spot.from];
  if (quote !== '"' && quote !== "'") return spot;
  const closed = text[spot.to - 1] === quote && spot.to - spot.from > 1;
  for (const option of options) option.insert = option.label;
  return { from: spot.from + 1, to: closed ? spot.to - 1 : spot.to };
}

export interface FieldDescription {
  /** Offsets of the field's name. */
  from: number;
  to: number;
  /** Its place with `*` for names people chose and `[]` for lists, e.g. `network_policies.*.endpoints[].host`. */
  field: string;
  /** One sentence. */
  doc: string;
  /** What may be written, e.g. "one of read-only, read-write, full". */
  type: string;
}

/** The field whose name stands at the offset; null elsewhere. */
export function describeField(yamlText: string, offset: number): FieldDescription | null {
  const spot = spotAt(yamlText, readLines(yamlText), offset);
  if (spot === null || spot.place !== "key" || spot.to <= spot.from) return null;
  const name = yamlText.slice(spot.from, spot.to).replace(/^["']|["']$/g, "");
  const parent = resolve(spot.steps);
  if (parent?.spec.kind !== "object") return null;
  const at = resolve([...spot.steps, { kind: "key", name, siblings: () => spot.siblings }]);
  if (at?.field == null) return null;
  return { from: spot.from, to: spot.to, field: at.pattern, doc: at.field.doc, type: typeOf(at.spec) };
}

function typeOf(spec: Spec): string {
  switch (spec.kind) {
    case "choice":
      return spec.of.length === 1 ? String(spec.of[0]) : `one of ${spec.of.join(", ")}`;
    case "boolean":
      return "true or false";
    case "integer":
      return spec.max === Number.MAX_SAFE_INTEGER
        ? `a whole number from ${spec.min}`
        : `a whole number from ${spec.min} to ${spec.max}`;
    case "number":
      return `a number from ${spec.min}`;
    case "list":
      return spec.of.kind === "object" ? "a list of maps" : "a list";
    case "map":
      return "a map by name";
    case "object":
      return "a map";
    case "matcher":
      return "a glob, or `any:` with a list of globs";
    case "identity":
      return "`sandbox`, or a number";
    case "any":
      return "anything";
    default:
      return "text";
  }
}
