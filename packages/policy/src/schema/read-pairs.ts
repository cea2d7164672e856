import type { YamlMap, YamlNode } from "../yaml/node.ts";
import type { Faults } from "./spot.ts";

export interface ReadPair {
  key: string;
  node: YamlNode | null;
  /** Of the key. */
  offset: number;
}

export const join = (field: string, key: string): string => (field === "" ? key : `${field}.${key}`);

/** The pairs whose keys are plain and stand once; the others are among the problems. */
export function readPairs(faults: Faults, map: YamlMap, field: string): ReadPair[] {
  const seen = new Set<string>();
  const read: ReadPair[] = [];
  for (const { key: keyNode, keyOffset: offset, keyMark, node } of map.pairs) {
    // What would be found now could not be said any more.
    if (faults.full()) break;
    if (keyMark === "anchor") {
      faults.error("anchor", { offset, field }, "Anchors are not allowed.", "Write the key without `&`.");
      continue;
    }
    const value = keyNode?.value;
    if (typeof value !== "string" && typeof value !== "number") {
      faults.error("bad_key", { offset, field }, "A key must be text.", "Write a name, in quotes if need be.");
      continue;
    }
    const key = String(value);
    if (key === "<<") {
      faults.error(
        "merge",
        { offset, field: join(field, key) },
        "Merge keys are not allowed.",
        "Write the fields out.",
      );
      continue;
    }
    if (seen.has(key)) {
      faults.error(
        "duplicate",
        { offset, field: join(field, key) },
        `\`${key}\` stands here twice; readers disagree which one counts.`,
        "Remove one of them.",
      );
      continue;
    }
    seen.add(key);
    read.push({ key, node, offset });
  }
  return read;
}
