/** House layout: block style for what reviewers compare line by line, braces for what fits in a line and reads as one thing. */
import { isRecord } from "../canonical/record.ts";
import { policyFile } from "../schema/fields.ts";
import type { Spec } from "../schema/spec.ts";
import { isLongKey, scalarOf, scalarText } from "./scalar.ts";

/** What a side-by-side review shows without wrapping. */
export const LINE_COLUMNS_MAX = 100;
const INDENT = "  ";

/** The spec of a field, through lists and maps. Throws when the schema has no such field: a slip in this file. */
function specAt(...path: string[]): Spec {
  let spec: Spec = policyFile;
  for (const name of path) {
    while (spec.kind === "list" || spec.kind === "map") spec = spec.of;
    const field = spec.kind === "object" ? spec.fields[name] : undefined;
    if (field === undefined) throw new RangeError(`The schema has no ${path.join(".")}.`);
    spec = field.spec;
  }
  return spec;
}
const itemsOf = (spec: Spec): Spec => (spec.kind === "list" || spec.kind === "map" ? spec.of : spec);

/** One entry of `network_policies`. */
export const entrySpec = itemsOf(specAt("network_policies"));
const rules = specAt("network_policies", "endpoints", "rules");
/** Never in braces, so that a change of one of their lines is a change of one line. */
const ALWAYS_BLOCK: ReadonlySet<Spec> = new Set([
  policyFile,
  specAt("network_policies"),
  entrySpec,
  specAt("network_policies", "endpoints"),
  itemsOf(specAt("network_policies", "endpoints")),
  rules,
  itemsOf(rules),
  specAt("network_policies", "endpoints", "deny_rules"),
  specAt("network_policies", "binaries"),
  specAt("network_middlewares"),
  itemsOf(specAt("network_middlewares")),
  specAt("credentials"),
  specAt("tests"),
]);

export const isAlwaysBlock = (spec: Spec): boolean => ALWAYS_BLOCK.has(spec);

/** True where house layout wants braces for a value that would read so on one line. */
export const fitsInBraces = (spec: Spec, flow: string, columns: number): boolean =>
  !ALWAYS_BLOCK.has(spec) && flow.length <= columns;

/** The pairs of a map in the order of the reference; maps whose keys people choose keep theirs. */
function pairsOf(value: Record<string, unknown>, spec: Spec): [string, unknown, Spec][] {
  const keys = spec.kind === "object" ? Object.keys(spec.fields) : Object.keys(value);
  return keys.flatMap((key): [string, unknown, Spec][] =>
    Object.hasOwn(value, key) && value[key] !== undefined ? [[key, value[key], childSpec(spec, key)]] : [],
  );
}

export function childSpec(spec: Spec, key: string): Spec {
  if (spec.kind === "map" || spec.kind === "list") return spec.of;
  if (spec.kind === "object" && Object.hasOwn(spec.fields, key)) return spec.fields[key]?.spec ?? { kind: "any" };
  return { kind: "any" };
}

const isScalarValue = (value: unknown): value is string | number | boolean | null =>
  value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean";

/** On one line. */
export function flowText(value: unknown, spec: Spec): string {
  if (Array.isArray(value))
    return value.length === 0 ? "[]" : `[${value.map((item) => flowText(item, childSpec(spec, ""))).join(", ")}]`;
  if (isRecord(value)) {
    const pairs = pairsOf(value, spec).map(([key, child, of]) => {
      const name = scalarText(key);
      return isLongKey(name) ? `? ${name} : ${flowText(child, of)}` : `${name}: ${flowText(child, of)}`;
    });
    return pairs.length === 0 ? "{}" : `{ ${pairs.join(", ")} }`;
  }
  return isScalarValue(value) ? scalarOf(value) : "null";
}

/** The lines of a value; the first stands behind what introduces it where `inline` says so. */
interface Laid {
  inline: boolean;
  lines: string[];
}

/** `columns` are left for the value's own lines; `lead` of them are taken where it stands behind its key. */
function lay(value: unknown, spec: Spec, columns: number, lead = 0): Laid {
  const isEmpty = Array.isArray(value) ? value.length === 0 : isRecord(value) && pairsOf(value, spec).length === 0;
  if (isScalarValue(value)) return { inline: true, lines: [scalarOf(value, "block")] };
  if (isEmpty) return { inline: true, lines: [flowText(value, spec)] };
  if (!ALWAYS_BLOCK.has(spec)) {
    const flow = flowText(value, spec);
    if (fitsInBraces(spec, flow, columns - lead)) return { inline: true, lines: [flow] };
  }
  return { inline: false, lines: blockLines(value, spec, columns) };
}

/** In block style, relative to its own indentation. */
export function blockLines(value: unknown, spec: Spec, columns = LINE_COLUMNS_MAX): string[] {
  const inner = columns - INDENT.length;
  if (Array.isArray(value))
    return value.flatMap((item) =>
      lay(item, childSpec(spec, ""), inner).lines.map((line, i) => `${i === 0 ? "- " : INDENT}${line}`),
    );
  if (!isRecord(value)) return [flowText(value, spec)];
  return pairsOf(value, spec).flatMap(([key, child, of]) => {
    const name = scalarText(key);
    const { inline, lines } = lay(child, of, inner, name.length);
    if (isLongKey(name)) return [`? ${name}`, ...lines.map((line, i) => `${i === 0 ? ": " : INDENT}${line}`)];
    return inline ? [`${name}: ${lines[0] ?? ""}`] : [`${name}:`, ...lines.map((line) => `${INDENT}${line}`)];
  });
}
