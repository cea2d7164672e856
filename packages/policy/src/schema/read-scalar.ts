import { STRING_CHARS_MAX } from "../limits.ts";
import type { YamlNode } from "../yaml/node.ts";
import { nearest } from "./nearest.ts";
import type { Spec } from "./spec.ts";
import type { Faults, Spot } from "./spot.ts";
import { describe, found, title } from "./words.ts";

/** The value of a scalar by its spec; undefined when it is wrong, which is then among the problems. */
export function readScalar(faults: Faults, node: YamlNode, spec: Spec, spot: Spot): unknown {
  if (node.kind !== "scalar") return wrong(faults, spot, found(node), spec);
  const value = node.value;
  // YAML 1.1 reads 0443 as 291, and 0x1bb is 443 to some: what two readers read differently is refused.
  if (typeof value === "number" && WHOLE_KINDS.includes(spec.kind) && !PLAIN_INTEGER.test(node.source))
    return wrong(faults, spot, `written as \`${node.source.slice(0, 80)}\``, spec, "Write it in plain decimal digits.");
  switch (spec.kind) {
    case "text": {
      if (typeof value !== "string") return wrong(faults, spot, found(node), spec, quoteIt(node));
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
        return wrong(faults, spot, found(node), spec);
      return value;
    case "number":
      if (typeof value !== "number" || !Number.isFinite(value) || value < spec.min)
        return wrong(faults, spot, found(node), spec);
      return value;
    case "boolean":
      return typeof value === "boolean" ? value : wrong(faults, spot, found(node), spec);
    case "identity":
      return typeof value === "string" || (typeof value === "number" && Number.isSafeInteger(value))
        ? String(value)
        : wrong(faults, spot, found(node), spec);
    case "choice": {
      const hit = spec.of.find((option) => option === value);
      if (hit !== undefined) return hit;
      const near = typeof value === "string" ? nearest(value, spec.of.map(String)) : null;
      faults.error(
        "unknown_value",
        spot,
        `${title(spot.field)} cannot be ${found(node)}; a misspelt value would silently mean something weaker.`,
        `${near === null ? "" : `Did you mean \`${near}\`? `}Write one of: ${spec.of.join(", ")}.`,
      );
      return undefined;
    }
    default:
      return undefined;
  }
}

const WHOLE_KINDS: readonly Spec["kind"][] = ["integer", "identity", "choice"];
const PLAIN_INTEGER = /^-?(0|[1-9][0-9]*)$/;

/** Digits and words like `true` are no text until they are quoted. */
const quoteIt = (node: YamlNode): string | undefined =>
  node.kind === "scalar" && (typeof node.value === "number" || typeof node.value === "boolean")
    ? `Put it in quotes: "${(node.source || String(node.value)).slice(0, 80)}".`
    : undefined;

export function wrong(faults: Faults, spot: Spot, found: string, spec: Spec, remedy?: string): undefined {
  return faults.error(
    "wrong_type",
    spot,
    `${title(spot.field)} must be ${describe(spec)}, but is ${found}.`,
    remedy ?? (spot.field === "" ? "Begin with `version: 1`." : `Write ${describe(spec)}, or remove the field.`),
  );
}
