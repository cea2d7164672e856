import type { YamlMap } from "../yaml/node.ts";
import { flowOf } from "../yaml/quote.ts";
import type { ObjectSpec } from "./spec.ts";

/** Fields that stand one level too high or too low; null where they do not. */
export function misplacedFields(node: YamlMap, spec: ObjectSpec): { message: string; remedy: string } | null {
  // Almost every map begins with a field that it may carry; reading those must cost nothing here.
  const first = node.pairs[0]?.key?.value;
  if (typeof first !== "string" || Object.hasOwn(spec.fields, first)) return null;
  const keys = node.pairs.map(({ key }) => key?.value);
  const allOf = (names: readonly unknown[], known: ObjectSpec): boolean =>
    names.length > 0 && names.every((key) => typeof key === "string" && Object.hasOwn(known.fields, key));
  const [wrapper, ...others] = Object.entries(spec.fields);
  if (wrapper !== undefined && others.length === 0) {
    const [name, { spec: inner }] = wrapper;
    if (inner.kind === "object" && allOf(keys, inner) && !keys.includes(name))
      return {
        message: `The fields of the rule stand outside \`${name}\`.`,
        remedy: `Put it under \`${name}:\`: \`- ${name}: ${flowOf(node)}\`.`,
      };
  }
  const [only] = node.pairs;
  const child = only?.node;
  if (keys.length !== 1 || child?.kind !== "map" || (keys[0] !== "allow" && keys[0] !== "deny")) return null;
  if (
    Object.hasOwn(spec.fields, keys[0]) ||
    !allOf(
      child.pairs.map(({ key }) => key?.value),
      spec,
    )
  )
    return null;
  return {
    message: `There is no field \`${keys[0]}\` here.`,
    remedy: `Write the rule without it: \`- ${flowOf(child)}\`.`,
  };
}
