import type { YamlNode } from "../yaml/node.ts";
import { join } from "./read-pairs.ts";

/** Where every field of a tree stands: at its key, an item of a list at its content. */
export function offsetsOf(root: YamlNode | null): ReadonlyMap<string, number> {
  const offsets = new Map<string, number>();
  const visit = (node: YamlNode | null, field: string): void => {
    if (node?.kind === "map")
      for (const { key, keyOffset, node: child } of node.pairs) {
        const name = key?.value;
        if (typeof name !== "string" && typeof name !== "number") continue;
        const path = join(field, String(name));
        // Of a key that stands twice the first one is read.
        if (offsets.has(path)) continue;
        offsets.set(path, keyOffset);
        visit(child, path);
      }
    else if (node?.kind === "list")
      for (const [index, item] of node.items.entries()) {
        const path = `${field}[${index}]`;
        offsets.set(path, item?.offset ?? offsets.get(field) ?? 0);
        visit(item, path);
      }
  };
  offsets.set("", root?.offset ?? 0);
  visit(root, "");
  return offsets;
}
