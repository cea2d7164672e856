/**
 * Reads a YAML tree by a spec. Invariant: a field that is unknown, twice there, of the wrong type or misspelt is an error at its
 * own place with a remedy; reading goes on, so that all errors are seen at once.
 */
import type { Place } from "../types.ts";
import type { LoadedYaml } from "../yaml/load.ts";
import { isEmptyNode, type YamlMap, type YamlNode } from "../yaml/node.ts";
import type { Problems } from "../yaml/problems.ts";
import { anchored } from "./anchored.ts";
import { misplacedFields } from "./misplaced.ts";
import { nearest } from "./nearest.ts";
import { offsetsOf } from "./offsets.ts";
import { join, readPairs } from "./read-pairs.ts";
import { readScalar, wrong } from "./read-scalar.ts";
import { remedyFor } from "./remedy.ts";
import type { ObjectSpec, Spec } from "./spec.ts";
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
    if (node.mark === "anchor") return anchored(this.faults, node, spec, spot);
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

  private readObject(node: YamlNode, spec: ObjectSpec, spot: Spot): unknown {
    if (node.kind !== "map") return this.wrongKind(node, spec, spot);
    if (this.isMisplaced(node, spec, spot)) return undefined;
    const result: Record<string, unknown> = {};
    const present = new Set<string>();
    const { field } = spot;
    for (const { key, node: child, offset } of readPairs(this.faults, node, field)) {
      if (this.faults.full()) break;
      const known = Object.hasOwn(spec.fields, key) ? spec.fields[key] : undefined;
      if (known === undefined) {
        this.unknownField(key, child, spec, { offset, field: join(field, key) });
        continue;
      }
      present.add(key);
      // `key:` with nothing behind it is how people write "none"; an optional field may be left empty so.
      if (isEmptyNode(child) && known.required !== true && (known.spec.kind === "map" || known.spec.kind === "object"))
        continue;
      const value = this.read(child, known.spec, {
        offset,
        field: join(field, key),
        required: known.required === true,
      });
      if (value !== undefined) result[key] = value;
    }
    for (const [key, known] of Object.entries(spec.fields))
      if (known.required === true && !present.has(key) && !this.faults.has(join(field, key)))
        this.faults.error("missing", spot, `\`${key}\` is missing in ${title(field)}.`, `Add \`${key}\`: ${known.doc}`);
    return result;
  }

  /** What is missed later by the name that was meant is explained by this. */
  private unknownField(key: string, child: YamlNode | null, spec: ObjectSpec, spot: Spot): void {
    const near = nearest(key, Object.keys(spec.fields));
    let remedy = `Known fields: ${Object.keys(spec.fields).join(", ")}.`;
    const meant = near === null ? undefined : spec.fields[near];
    if (near !== null && meant !== undefined) {
      const shape = child?.kind === meant.spec.kind ? undefined : remedyFor(child, meant.spec, near);
      remedy = `Did you mean \`${near}\`?${child?.kind === "list" && shape !== undefined ? ` ${shape}` : ""}`;
      const cut = spot.field.length - key.length;
      this.faults.excuse(`${spot.field.slice(0, cut)}${near}`);
    }
    this.faults.error("unknown_field", spot, `There is no field \`${key}\` here.`, remedy);
  }

  /** A rule without its `allow:`, or a deny rule with one: said once, with the rule as it should stand. */
  private isMisplaced(node: YamlMap, spec: ObjectSpec, spot: Spot): boolean {
    const misplaced = misplacedFields(node, spec);
    if (misplaced === null) return false;
    this.faults.error("unknown_field", spot, misplaced.message, misplaced.remedy);
    return true;
  }

  private wrongKind(node: YamlNode, spec: Spec, spot: Spot): undefined {
    return wrong(this.faults, spot, found(node), spec, remedyFor(node, spec, spot.field));
  }

  private readMap(node: YamlNode, spec: Extract<Spec, { kind: "map" }>, spot: Spot): unknown {
    if (node.kind !== "map") return this.wrongKind(node, spec, spot);
    if (node.pairs.length > spec.max) return this.tooMany(spot, spec.max);
    const result: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    for (const { key, node: child, offset } of readPairs(this.faults, node, spot.field)) {
      const value = this.read(child, spec.of, { offset, field: join(spot.field, key) });
      if (value !== undefined) result[key] = value;
    }
    return { ...result };
  }

  private readList(node: YamlNode, spec: Extract<Spec, { kind: "list" }>, spot: Spot): unknown {
    if (node.kind !== "list") return this.wrongKind(node, spec, spot);
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
    if (node.kind !== "map") return this.wrongKind(node, spec, spot);
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
