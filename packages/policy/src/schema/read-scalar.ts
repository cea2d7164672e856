import { isScalar, type Node } from "yaml";
import { STRING_CHARS_MAX } from "../limits.ts";
import type { Place } from "../types.ts";
import type { Problems } from "../yaml/problems.ts";
import { nearest } from "./nearest.ts";
import type { Spec } from "./spec.ts";
import { describe, found, title } from "./words.ts";

/** The value of a scalar by its spec; undefined when it is wrong, which is then among the problems. */
export function readScalar(problems: Problems, node: Node, spec: Spec, place: Place): unknown {
  if (!isScalar(node)) return wrong(problems, place, found(node), spec);
  const value = node.value;
  switch (spec.kind) {
    case "text": {
      if (typeof value !== "string") return wrong(problems, place, found(node), spec);
      if (value === "" && spec.empty !== true) return wrong(problems, place, "empty", spec);
      const max = spec.max ?? STRING_CHARS_MAX;
      if (value.length > max) {
        problems.error("too_long", place, `${title(place.field)} is longer than ${max} characters.`, "Shorten it.");
        return undefined;
      }
      return value;
    }
    case "integer":
      if (typeof value !== "number" || !Number.isSafeInteger(value) || value < spec.min || value > spec.max)
        return wrong(problems, place, found(node), spec);
      return value;
    case "number":
      if (typeof value !== "number" || !Number.isFinite(value) || value < spec.min)
        return wrong(problems, place, found(node), spec);
      return value;
    case "boolean":
      return typeof value === "boolean" ? value : wrong(problems, place, found(node), spec);
    case "identity":
      return typeof value === "string" || (typeof value === "number" && Number.isSafeInteger(value))
        ? String(value)
        : wrong(problems, place, found(node), spec);
    case "choice": {
      const hit = spec.of.find((option) => option === value);
      if (hit !== undefined) return hit;
      const near = typeof value === "string" ? nearest(value, spec.of.map(String)) : null;
      problems.error(
        "unknown_value",
        place,
        `${title(place.field)} cannot be ${found(node)}; a misspelt value would silently mean something weaker.`,
        `${near === null ? "" : `Did you mean \`${near}\`? `}Write one of: ${spec.of.join(", ")}.`,
      );
      return undefined;
    }
    default:
      return undefined;
  }
}

export function wrong(problems: Problems, place: Place, found: string, spec: Spec): undefined {
  problems.error(
    "wrong_type",
    place,
    `${title(place.field)} must be ${describe(spec)}, but is ${found}.`,
    `Write ${describe(spec)}, or remove the field.`,
  );
  return undefined;
}
