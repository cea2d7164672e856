/** Where each named shape stands in a file, read off the fields themselves. */
import { namedShapes, policyFile } from "./fields.ts";
import type { Field, Spec } from "./spec.ts";

export interface ShapeUse {
  /** Dotted fields, `*` for any key: `network_policies.*.endpoints[]`. */
  paths: string[];
  /** Only fields of Creel's own lead here. */
  own: boolean;
  /** Only fields that are fixed at creation lead here. */
  fixed: boolean;
}

/** Recursion through the shapes ends because no shape holds itself. */
export function shapeUses(): ReadonlyMap<Spec, ShapeUse> {
  const named = new Set(namedShapes.map(({ spec }) => spec));
  const uses = new Map<Spec, ShapeUse>();
  const visit = (spec: Spec, path: string, own: boolean, fixed: boolean): void => {
    if (named.has(spec)) {
      const use = uses.get(spec) ?? { paths: [], own: true, fixed: true };
      uses.set(spec, { paths: [...use.paths, path], own: use.own && own, fixed: use.fixed && fixed });
    }
    if (spec.kind === "list") visit(spec.of, `${path}[]`, own, fixed);
    else if (spec.kind === "map") visit(spec.of, `${path}.*`, own, fixed);
    else if (spec.kind === "object")
      for (const [key, field] of Object.entries(spec.fields))
        visit(
          field.spec,
          path === "" ? key : `${path}.${key}`,
          own || field.own === true,
          fixed || field.fixed === true,
        );
  };
  visit(policyFile, "", false, false);
  return uses;
}

export interface FlatField {
  /** `mcp.max_body_bytes`, `routes[].models`. */
  name: string;
  field: Field;
  own: boolean;
}

/** The fields of one shape with those of its unnamed parts behind them; named parts have a section of their own. */
export function flatFields(spec: Spec, prefix = "", own = false): FlatField[] {
  if (spec.kind !== "object") return [];
  const named = new Set(namedShapes.map((shape) => shape.spec));
  return Object.entries(spec.fields).flatMap(([key, field]) => {
    const name = `${prefix}${key}`;
    const isOwn = own || field.own === true;
    const [inner, suffix] = innerOf(field.spec);
    const below = named.has(inner) ? [] : flatFields(inner, `${name}${suffix}.`, isOwn);
    return [{ name, field, own: isOwn }, ...below];
  });
}

/** What a list or map is made of, and how its place is written. */
export function innerOf(spec: Spec): [Spec, string] {
  if (spec.kind === "list") return [spec.of, "[]"];
  if (spec.kind === "map") return [spec.of, ".*"];
  return [spec, ""];
}
