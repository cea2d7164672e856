/** From a place in the file to what the schema says of it. */
import { policyFile } from "../schema/fields.ts";
import { type Field, list, type Spec, text } from "../schema/spec.ts";
import type { Step } from "./types.ts";

export interface Resolved {
  spec: Spec;
  /** The last named field passed on the way; null at the root. */
  field: Field | null;
  /** The way without names that people chose, e.g. `network_policies.*.endpoints[].host`. */
  pattern: string;
}

const anyOf = list(text(), 256);

/** Null where the schema knows no such place. */
export function resolve(steps: readonly Step[]): Resolved | null {
  let at: Resolved = { spec: policyFile, field: null, pattern: "" };
  for (const step of steps) {
    const next = step.kind === "item" ? item(at) : key(at, step.name);
    if (next === null) return null;
    at = next;
  }
  return at;
}

const item = (at: Resolved): Resolved | null =>
  at.spec.kind === "list" ? { ...at, spec: at.spec.of, pattern: `${at.pattern}[]` } : null;

function key(at: Resolved, name: string): Resolved | null {
  const { spec } = at;
  const join = (part: string): string => (at.pattern === "" ? part : `${at.pattern}.${part}`);
  if (spec.kind === "object") {
    const field = Object.hasOwn(spec.fields, name) ? spec.fields[name] : undefined;
    return field === undefined ? null : { spec: field.spec, field, pattern: join(name) };
  }
  if (spec.kind === "map") return { ...at, spec: spec.of, pattern: join("*") };
  if (spec.kind !== "matcher") return null;
  if (name === "any") return { ...at, spec: anyOf, pattern: join("any") };
  return spec.nested ? { ...at, pattern: join("*") } : null;
}
