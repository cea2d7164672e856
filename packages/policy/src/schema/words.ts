/** How the reader names what it found and what it wanted. */
import { isMap, isScalar, isSeq, type Node } from "yaml";
import type { Spec } from "./spec.ts";

export const isEmpty = (node: Node | null): boolean =>
  node === null || (isScalar(node) && node.value === null && node.source === "");
export const title = (field: string): string => (field === "" ? "The file" : `\`${field}\``);

export function found(node: Node): string {
  if (isMap(node)) return "a map";
  if (isSeq(node)) return "a list";
  if (!isScalar(node) || node.value === null) return "nothing";
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
