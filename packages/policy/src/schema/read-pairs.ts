import { isMap, isScalar, type Node, type Pair } from "yaml";
import type { Place } from "../types.ts";
import { type LoadedYaml, offsetOf } from "../yaml/load.ts";
import type { Problems } from "../yaml/problems.ts";

export interface ReadPair {
  key: string;
  node: Node | null;
  place: Place;
}

export const join = (field: string, key: string): string => (field === "" ? key : `${field}.${key}`);

/** The pairs whose keys are plain and stand once; the others are among the problems. */
export function readPairs(yaml: LoadedYaml, problems: Problems, node: Node, field: string): ReadPair[] {
  if (!isMap(node)) return [];
  const seen = new Set<string>();
  const read: ReadPair[] = [];
  for (const pair of node.items as Pair<Node, Node | null>[]) {
    // What would be found now could not be said any more.
    if (problems.full()) break;
    const keyNode = pair.key;
    const place = yaml.place(offsetOf(keyNode) ?? offsetOf(node), field);
    const value = isScalar(keyNode) ? keyNode.value : undefined;
    if ("anchor" in keyNode && keyNode.anchor !== undefined) {
      problems.error("anchor", place, "Anchors are not allowed.", "Write the key without `&`.");
      continue;
    }
    if (typeof value !== "string" && typeof value !== "number") {
      problems.error("bad_key", place, "A key must be text.", "Write a name, in quotes if need be.");
      continue;
    }
    const key = String(value);
    place.field = join(field, key);
    if (key === "<<") {
      problems.error("merge", place, "Merge keys are not allowed.", "Write the fields out.");
      continue;
    }
    if (seen.has(key)) {
      problems.error(
        "duplicate",
        place,
        `\`${key}\` stands here twice; readers disagree which one counts.`,
        "Remove one of them.",
      );
      continue;
    }
    seen.add(key);
    read.push({ key, node: pair.value, place });
  }
  return read;
}
