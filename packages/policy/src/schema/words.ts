/** How the reader names what it found and what it wanted. */
import type { YamlNode } from "../yaml/node.ts";
import type { Spec } from "./spec.ts";

export const title = (field: string): string => (field === "" ? "The file" : `\`${field}\``);

export function found(node: YamlNode): string {
  if (node.kind === "map") return "a map";
  if (node.kind === "list") return "a list";
  if (node.value === null || node.value === undefined) return "nothing";
  return typeof node.value === "string"
    ? `the text "${node.value.slice(0, 80)}"`
    : `\`${String(node.value).slice(0, 80)}\``;
}

export function describe(spec: Spec): string {
  switch (spec.kind) {
    case "object":
    case "map":
      return "a map";
    case "list":
      return "a list";
    case "text":
      return "text";
    case "integer":
      return spec.max >= Number.MAX_SAFE_INTEGER
        ? `a whole number from ${spec.min}`
        : `a whole number from ${spec.min} to ${spec.max}`;
    case "number":
      return `a number from ${spec.min}`;
    case "boolean":
      return "true or false";
    case "identity":
      return "`sandbox` or a number";
    case "matcher":
      return "a glob or `{any: [globs]}`";
    default:
      return "a value";
  }
}
