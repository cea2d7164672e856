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
  // YAML 1.1 reads 0443 as 291, and 0x1bb is 443 to some: what two readers read differently is refused.
  if (typeof value === "number" && WHOLE_KINDS.includes(spec.kind) && !PLAIN_INTEGER.test(node.source ?? ""))
    return wrong(
      problems,
      place,
      `written as \`${(node.source ?? "").slice(0, 80)}\``,
      spec,
      "Write it in plain decimal digits.",
    );
  switch (spec.kind) {
    case "text": {
      if (typeof value !== "string") return wrong(problems, place, found(node), spec, quoteIt(node));
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

const WHOLE_KINDS: readonly Spec["kind"][] = ["integer", "identity", "choice"];
const PLAIN_INTEGER = /^-?(0|[1-9][0-9]*)$/;

/** Digits and words like `true` are no text until they are quoted. */
const quoteIt = (node: Node): string | undefined =>
  isScalar(node) && (typeof node.value === "number" || typeof node.value === "boolean")
    ? `Put it in quotes: "${(node.source ?? String(node.value)).slice(0, 80)}".`
    : undefined;

export function wrong(problems: Problems, place: Place, found: string, spec: Spec, remedy?: string): undefined {
  problems.error(
    "wrong_type",
    place,
    `${title(place.field)} must be ${describe(spec)}, but is ${found}.`,
    remedy ?? (place.field === "" ? "Begin with `version: 1`." : `Write ${describe(spec)}, or remove the field.`),
  );
  return undefined;
}
