/**
 * Reads a YAML tree by a spec. Invariant: a field that is unknown, twice there, of the wrong type or misspelt is an error at its
 * own place with a remedy; reading goes on, so that all errors are seen at once.
 */
import type { Place } from "../types.ts";
import type { LoadedYaml } from "../yaml/load.ts";
import { isEmptyNode, type YamlNode } from "../yaml/node.ts";
import type { Problems } from "../yaml/problems.ts";
import { nearest } from "./nearest.ts";
import { offsetsOf } from "./offsets.ts";
import { join, readPairs } from "./read-pairs.ts";
import { readScalar, wrong } from "./read-scalar.ts";
import type { Spec } from "./spec.ts";
import { Faults, type Spot } from "./spot.ts";
import { found, title } from "./words.ts";

export interface ReadTree {
  value: unknown;
  /** Where a field stands, by its dotted path; the nearest enclosing place when it does not. */
  at(field: string): Place;
}

/** Reads the tree by the spec; `value` lacks what was wrong, so later checks still see the rest. */
export function readTree(yaml: LoadedYaml, spec: Spec, problems: Problems): ReadTree {
  const place = (offset: number, field: string): Place => yaml.place(offset, field);
  const reader = new Reader(new Faults(problems, place));
  const { root } = yaml;
  const value = reader.read(root, spec, { offset: root?.offset ?? 0, field: "" });
  let offsets: ReadonlyMap<string, number> | null = null;
  const at = (field: string): Place => {
    // Most files have nothing to say a place for.
    offsets ??= offsetsOf(root);
    let wanted = field;
    for (;;) {
      const offset = offsets.get(wanted);
      if (offset !== undefined) return place(offset, field);
      if (wanted === "") return { line: 1, column: 1, field };
      const cut = Math.max(wanted.lastIndexOf("."), wanted.lastIndexOf("["));
      wanted = cut <= 0 ? "" : wanted.slice(0, cut);
    }
  };
  return { value, at };
}

class Reader {
  private readonly faults: Faults;

  constructor(faults: Faults) {
    this.faults = faults;
  }

  /** The value without what was wrong in it; undefined when nothing usable is left. */
  read(node: YamlNode | null, spec: Spec, spot: Spot): unknown {
    if (node === null) return wrong(this.faults, spot, "nothing", spec);
    if (node.mark === "anchor")
      return this.faults.error(
        "anchor",
        spot,
        "Anchors and aliases are not allowed: a reader must see each value where it counts.",
        "Write the value out.",
      );
    if (node.mark !== null)
      return this.faults.error("tag", spot, `The tag \`${node.mark}\` is not allowed.`, "Remove the tag.");
    switch (spec.kind) {
      case "object":
        return this.readObject(node, spec, spot);
      case "map":
        return this.readMap(node, spec, spot);
      case "list":
        return this.readList(node, spec, spot);
      case "any":
        return this.readAny(node, spot);
      case "matcher":
        return this.readMatcher(node, spec, spot);
      default:
        return readScalar(this.faults, node, spec, spot);
    }
  }

  private readObject(node: YamlNode, spec: Extract<Spec, { kind: "object" }>, spot: Spot): unknown {
    if (node.kind !== "map") return wrong(this.faults, spot, found(node), spec);
    const result: Record<string, unknown> = {};
    const present = new Set<string>();
    const { field } = spot;
    for (const { key, node: child, offset } of readPairs(this.faults, node, field)) {
      if (this.faults.full()) break;
      const known = Object.hasOwn(spec.fields, key) ? spec.fields[key] : undefined;
      if (known === undefined) {
        const near = nearest(key, Object.keys(spec.fields));
        this.faults.error(
          "unknown_field",
          { offset, field: join(field, key) },
          `There is no field \`${key}\` here.`,
          near === null ? `Known fields: ${Object.keys(spec.fields).join(", ")}.` : `Did you mean \`${near}\`?`,
        );
        continue;
      }
      present.add(key);
      // `key:` with nothing behind it is how people write "none"; an optional field may be left empty so.
      if (isEmptyNode(child) && known.required !== true && (known.spec.kind === "map" || known.spec.kind === "object"))
        continue;
      const value = this.read(child, known.spec, { offset, field: join(field, key) });
      if (value !== undefined) result[key] = value;
    }
    for (const [key, known] of Object.entries(spec.fields))
      if (known.required === true && !present.has(key))
        this.faults.error("missing", spot, `\`${key}\` is missing in ${title(field)}.`, `Add \`${key}\`: ${known.doc}`);
    return result;
  }

  private readMap(node: YamlNode, spec: Extract<Spec, { kind: "map" }>, spot: Spot): unknown {
    if (node.kind !== "map") return wrong(this.faults, spot, found(node), spec);
    if (node.pairs.length > spec.max) return this.tooMany(spot, spec.max);
    const result: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    for (const { key, node: child, offset } of readPairs(this.faults, node, spot.field)) {
      const value = this.read(child, spec.of, { offset, field: join(spot.field, key) });
      if (value !== undefined) result[key] = value;
    }
    return { ...result };
  }

  private readList(node: YamlNode, spec: Extract<Spec, { kind: "list" }>, spot: Spot): unknown {
    if (node.kind !== "list") return wrong(this.faults, spot, found(node), spec);
    if (node.items.length > spec.max) return this.tooMany(spot, spec.max);
    if (node.items.length < (spec.min ?? 0)) {
      return this.faults.error(
        "empty_list",
        spot,
        `${title(spot.field)} is an empty list.`,
        "Remove the field, or list something.",
      );
    }
    // Positions are kept, so that later problems name the right item.
    return node.items.map((child, index) => this.read(child, spec.of, this.itemSpot(child, index, spot)));
  }

  private itemSpot(item: YamlNode | null, index: number, { offset, field }: Spot): Spot {
    return { offset: item?.offset ?? offset, field: `${field}[${index}]` };
  }

  private tooMany(spot: Spot, max: number): undefined {
    return this.faults.error("too_many", spot, `${title(spot.field)} has more than ${max} items.`, "Split it.");
  }

  private readAny(node: YamlNode, spot: Spot): unknown {
    if (node.kind === "map") return this.readMap(node, { kind: "map", of: { kind: "any" }, max: 1024 }, spot);
    if (node.kind === "list")
      return node.items.map((child, i) => this.read(child, { kind: "any" }, this.itemSpot(child, i, spot)));
    return node.value;
  }

  private readMatcher(node: YamlNode, spec: Extract<Spec, { kind: "matcher" }>, spot: Spot): unknown {
    if (node.kind === "scalar") return readScalar(this.faults, node, { kind: "text", empty: true }, spot);
    if (node.kind !== "map") return wrong(this.faults, spot, found(node), spec);
    const isAny = node.pairs.length === 1 && node.pairs[0]?.key?.value === "any";
    if (spec.nested && !isAny) return this.readMap(node, { kind: "map", of: spec, max: 256 }, spot);
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
      spot,
    );
  }
}
