/** The library's tree in the reader's own form. */
import { isAlias, isMap, isScalar, isSeq, type Node } from "yaml";
import type { Mark, YamlNode, YamlScalar } from "./node.ts";

/** Tags that say what the value is anyway. */
const PLAIN_TAGS = "tag:yaml.org,2002:";

/** Depth is bounded before the composer runs. */
export function fromLibrary(node: Node | null): YamlNode | null {
  if (node === null) return null;
  const offset = node.range?.[0] ?? 0;
  const mark = markOf(node);
  if (isMap(node))
    return {
      kind: "map",
      offset,
      mark,
      pairs: node.items.map((pair) => {
        const key = asNode(pair.key);
        const read = key === null ? null : fromLibrary(key);
        const isPlain = read?.kind === "scalar" && !isAlias(key);
        return {
          key: isPlain ? read : null,
          keyOffset: read?.offset ?? offset,
          keyMark: read?.mark === "anchor" && !isAlias(key) ? "anchor" : null,
          node: fromLibrary(asNode(pair.value)),
        };
      }),
    };
  if (isSeq(node)) return { kind: "list", offset, mark, items: node.items.map((item) => fromLibrary(asNode(item))) };
  return scalarOf(node, offset, mark);
}

const scalarOf = (node: Node, offset: number, mark: Mark): YamlScalar =>
  isScalar(node)
    ? { kind: "scalar", offset, value: node.value, source: node.source ?? "", mark }
    : { kind: "scalar", offset, value: undefined, source: isAlias(node) ? `*${node.source}` : "", mark };

function markOf(node: Node): Mark {
  if (isAlias(node) || ("anchor" in node && node.anchor !== undefined)) return "anchor";
  if (node.tag === undefined || node.tag.startsWith(PLAIN_TAGS)) return null;
  return node.tag.startsWith("!") ? (node.tag as `!${string}`) : `!${node.tag}`;
}

/** Items of a composed collection are nodes. */
const asNode = (item: unknown): Node | null => (item ?? null) as Node | null;
