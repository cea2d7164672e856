/**
 * Reads a YAML tree by a spec. Invariant: a field that is unknown, twice there, of the wrong type or misspelt is an error at its
 * own place with a remedy; reading goes on, so that all errors are seen at once.
 */
import { isAlias, isMap, isScalar, isSeq, type Node } from "yaml";
import type { Place } from "../types.ts";
import { type LoadedYaml, offsetOf } from "../yaml/load.ts";
import type { Problems } from "../yaml/problems.ts";
import { nearest } from "./nearest.ts";
import { join, readPairs } from "./read-pairs.ts";
import { readScalar, wrong } from "./read-scalar.ts";
import type { Spec } from "./spec.ts";
import { found, isEmpty, title } from "./words.ts";

export interface ReadTree {
  value: unknown;
  /** Where a field stands, by its dotted path; the nearest enclosing place when it does not. */
  at(field: string): Place;
}

/** Reads the document by the spec; `value` lacks what was wrong, so later checks still see the rest. */
export function readTree(yaml: LoadedYaml, spec: Spec, problems: Problems): ReadTree {
  const places = new Map<string, Place>();
  const reader = new Reader(yaml, problems, places);
  const root = yaml.document.contents;
  const value = reader.read(root, spec, "");
  const at = (field: string): Place => {
    let wanted = field;
    for (;;) {
      const place = places.get(wanted);
      if (place !== undefined) return { ...place, field };
      if (wanted === "") return { line: 1, column: 1, field };
      const cut = Math.max(wanted.lastIndexOf("."), wanted.lastIndexOf("["));
      wanted = cut <= 0 ? "" : wanted.slice(0, cut);
    }
  };
  return { value, at };
}

class Reader {
  private readonly yaml: LoadedYaml;
  private readonly problems: Problems;
  private readonly places: Map<string, Place>;

  constructor(yaml: LoadedYaml, problems: Problems, places: Map<string, Place>) {
    this.yaml = yaml;
    this.problems = problems;
    this.places = places;
  }

  /** The value without what was wrong in it; undefined when nothing usable is left. */
  read(node: Node | null, spec: Spec, field: string): unknown {
    const place = this.yaml.place(offsetOf(node), field);
    this.places.set(field, place);
    if (node === null) return wrong(this.problems, place, "nothing", spec);
    if (isAlias(node) || ("anchor" in node && node.anchor !== undefined)) {
      this.problems.error(
        "anchor",
        place,
        "Anchors and aliases are not allowed: a reader must see each value where it counts.",
        "Write the value out.",
      );
      return undefined;
    }
    if (node.tag !== undefined && !node.tag.startsWith("tag:yaml.org,2002:")) {
      this.problems.error("tag", place, `The tag \`${node.tag}\` is not allowed.`, "Remove the tag.");
      return undefined;
    }
    switch (spec.kind) {
      case "object":
        return this.readObject(node, spec, field, place);
      case "map":
        return this.readMap(node, spec, field, place);
      case "list":
        return this.readList(node, spec, field, place);
      case "any":
        return this.readAny(node, field);
      case "matcher":
        return this.readMatcher(node, spec, field, place);
      default:
        return readScalar(this.problems, node, spec, place);
    }
  }

  private readObject(node: Node, spec: Extract<Spec, { kind: "object" }>, field: string, place: Place): unknown {
    if (!isMap(node)) return wrong(this.problems, place, found(node), spec);
    const result: Record<string, unknown> = {};
    const present = new Set<string>();
    for (const { key, node: child, place: keyPlace } of readPairs(this.yaml, this.problems, node, field)) {
      if (this.problems.full()) break;
      const known = Object.hasOwn(spec.fields, key) ? spec.fields[key] : undefined;
      if (known === undefined) {
        const near = nearest(key, Object.keys(spec.fields));
        this.problems.error(
          "unknown_field",
          keyPlace,
          `There is no field \`${key}\` here.`,
          near === null ? `Known fields: ${Object.keys(spec.fields).join(", ")}.` : `Did you mean \`${near}\`?`,
        );
        continue;
      }
      present.add(key);
      this.places.set(join(field, key), keyPlace);
      // `key:` with nothing behind it is how people write "none"; an optional field may be left empty so.
      if (isEmpty(child) && known.required !== true && (known.spec.kind === "map" || known.spec.kind === "object"))
        continue;
      const value = this.read(child, known.spec, join(field, key));
      if (value !== undefined) result[key] = value;
    }
    for (const [key, known] of Object.entries(spec.fields))
      if (known.required === true && !present.has(key))
        this.problems.error(
          "missing",
          place,
          `\`${key}\` is missing in ${title(field)}.`,
          `Add \`${key}\`: ${known.doc}`,
        );
    return result;
  }

  private readMap(node: Node, spec: Extract<Spec, { kind: "map" }>, field: string, place: Place): unknown {
    if (!isMap(node)) return wrong(this.problems, place, found(node), spec);
    if (node.items.length > spec.max) return this.tooMany(place, spec.max);
    const result: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    for (const { key, node: child } of readPairs(this.yaml, this.problems, node, field)) {
      const value = this.read(child, spec.of, join(field, key));
      if (value !== undefined) result[key] = value;
    }
    return { ...result };
  }

  private readList(node: Node, spec: Extract<Spec, { kind: "list" }>, field: string, place: Place): unknown {
    if (!isSeq(node)) return wrong(this.problems, place, found(node), spec);
    if (node.items.length > spec.max) return this.tooMany(place, spec.max);
    if (node.items.length < (spec.min ?? 0)) {
      this.problems.error(
        "empty_list",
        place,
        `${title(field)} is an empty list.`,
        "Remove the field, or list something.",
      );
      return undefined;
    }
    const values: unknown[] = [];
    node.items.forEach((child, index) => {
      const value = this.read(child as Node | null, spec.of, `${field}[${index}]`);
      // Positions are kept, so that later problems name the right item.
      values.push(value);
    });
    return values;
  }

  private tooMany(place: Place, max: number): undefined {
    this.problems.error("too_many", place, `${title(place.field)} has more than ${max} items.`, "Split it.");
    return undefined;
  }

  private readAny(node: Node, field: string): unknown {
    if (isMap(node))
      return this.readMap(
        node,
        { kind: "map", of: { kind: "any" }, max: 1024 },
        field,
        this.yaml.place(offsetOf(node), field),
      );
    if (isSeq(node))
      return node.items.map((child, i) => this.read(child as Node | null, { kind: "any" }, `${field}[${i}]`));
    return isScalar(node) ? node.value : undefined;
  }

  private readMatcher(node: Node, spec: Extract<Spec, { kind: "matcher" }>, field: string, place: Place): unknown {
    if (isScalar(node)) return readScalar(this.problems, node, { kind: "text", empty: true }, place);
    if (!isMap(node)) return wrong(this.problems, place, found(node), spec);
    const keys = node.items.map((pair) => (isScalar(pair.key) ? pair.key.value : undefined));
    if (spec.nested && !(keys.length === 1 && keys[0] === "any"))
      return this.readMap(node, { kind: "map", of: spec, max: 256 }, field, place);
    return this.readObject(
      node,
      {
        kind: "object",
        fields: {
          any: {
            spec: { kind: "list", of: { kind: "text", empty: true }, max: 1024, min: 1 },
            required: true,
            doc: "globs of which one must match.",
          },
        },
      },
      field,
      place,
    );
  }
}
