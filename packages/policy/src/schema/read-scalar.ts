import { STRING_CHARS_MAX } from "../limits.ts";
import type { YamlNode } from "../yaml/node.ts";
import { remedyFor } from "./remedy.ts";
import type { Spec } from "./spec.ts";
import type { Faults, Spot } from "./spot.ts";
import { unknownValue } from "./unknown-value.ts";
import { describe, found, title } from "./words.ts";

/** The value of a scalar by its spec; undefined when it is wrong, which is then among the problems. */
export function readScalar(faults: Faults, node: YamlNode, spec: Spec, spot: Spot): unknown {
  if (node.kind !== "scalar") return wrong(faults, spot, found(node), spec, remedyFor(node, spec, spot.field));
  const value = node.value;
  // YAML 1.1 reads 0443 as 291, and 0x1bb is 443 to some: what two readers read differently is refused.
  if (typeof value === "number" && WHOLE_KINDS.includes(spec.kind) && !PLAIN_INTEGER.test(node.source))
    return wrong(faults, spot, `written as \`${node.source.slice(0, 80)}\``, spec, "Write it in plain decimal digits.");
  switch (spec.kind) {
    case "text": {
      if (typeof value !== "string") return wrong(faults, spot, found(node), spec, remedyFor(node, spec, spot.field));
      if (value === "" && spec.empty !== true) return wrong(faults, spot, "empty", spec);
      const max = spec.max ?? STRING_CHARS_MAX;
      if (value.length > max) {
        faults.error("too_long", spot, `${title(spot.field)} is longer than ${max} characters.`, "Shorten it.");
        return undefined;
      }
      return value;
    }
    case "integer":
      if (typeof value !== "number" || !Number.isSafeInteger(value) || value < spec.min || value > spec.max)
        return wrong(faults, spot, found(node), spec, remedyFor(node, spec, spot.field));
      return value;
    case "number":
      if (typeof value !== "number" || !Number.isFinite(value) || value < spec.min)
        return wrong(faults, spot, found(node), spec, remedyFor(node, spec, spot.field));
      return value;
    case "boolean":
      return typeof value === "boolean"
        ? value
        : wrong(faults, spot, found(node), spec, remedyFor(node, spec, spot.field));
    case "identity":
      return typeof value === "string" || (typeof value === "number" && Number.isSafeInteger(value))
        ? String(value)
        : wrong(faults, spot, found(node), spec);
    case "choice": {
      const hit = spec.of.find((option) => option === value);
      if (hit !== undefined) return hit;
      return unknownValue(faults, node, spec.of, spot);
    }
    default:
      return undefined;
  }
}

const WHOLE_KINDS: readonly Spec["kind"][] = ["integer", "identity", "choice"];
const PLAIN_INTEGER = /^-?(0|[1-9][0-9]*)$/;

export function wrong(faults: Faults, spot: Spot, found: string, spec: Spec, remedy?: string): undefined {
  return faults.error(
    "wrong_type",
    spot,
    `${title(spot.field)} must be ${describe(spec)}, but is ${found}.`,
    remedy ??
      (spot.field === ""
        ? "Begin with `version: 1`."
        : `Write ${describe(spec)}${spot.required === true || spot.field.endsWith("]") ? "" : ", or remove the field"}.`),
  );
}
