/**
 * Removals from YAML text that leave every other byte as its author wrote it. A comment directly above an item, and one behind it on
 * its line, go with it; comments elsewhere stay. What cannot be cut safely returns null, and the caller edits the document instead.
 */
import { isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap, type YAMLSeq } from "yaml";

export type NodePath = readonly (string | number)[];

/** A collection and the position of one of its items. */
interface Spot {
  parent: YAMLMap<Node, Node | null> | YAMLSeq<Node | null>;
  index: number;
}

/** Maps of policies have scalar keys only; `YAMLMap` says less. */
const asMap = (node: YAMLMap): YAMLMap<Node, Node | null> => node as YAMLMap<Node, Node | null>;
const asSeq = (node: YAMLSeq): YAMLSeq<Node | null> => node as YAMLSeq<Node | null>;

export function spotOf(root: unknown, path: NodePath): Spot | null {
  let node: unknown = root;
  for (const [depth, step] of path.entries()) {
    let spot: Spot | null = null;
    if (isMap(node)) {
      const index = node.items.findIndex((pair) => isScalar(pair.key) && String(pair.key.value) === String(step));
      if (index !== -1) spot = { parent: asMap(node), index };
    } else if (isSeq(node) && typeof step === "number" && step < node.items.length)
      spot = { parent: asSeq(node), index: step };
    if (spot === null) return null;
    if (depth === path.length - 1) return spot;
    node = isMap(spot.parent) ? spot.parent.items[spot.index]?.value : spot.parent.items[spot.index];
  }
  return null;
}

/** Where an item begins and where its last visible character ends; null when that cannot be told. */
interface Extent {
  start: number;
  end: number;
}

const isPair = (item: Pair<Node, Node | null> | Node | null): item is Pair<Node, Node | null> =>
  item !== null && "key" in item;

export function extentOf(item: Pair<Node, Node | null> | Node | null | undefined): Extent | null {
  if (item === undefined || item === null) return null;
  const first = isPair(item) ? item.key : item;
  const start = first.range?.[0];
  const end = isPair(item) ? (contentEnd(item.value) ?? contentEnd(item.key)) : contentEnd(item);
  return start === undefined || end === null ? null : { start, end };
}

/** A block collection's own range may run on through comments that are not its own; its last scalar's does not. */
function contentEnd(node: Node | null): number | null {
  if (node === null) return null;
  if (isMap(node) && node.flow !== true && node.items.length > 0)
    return extentOf(asMap(node).items.at(-1))?.end ?? null;
  if (isSeq(node) && node.flow !== true && node.items.length > 0) return contentEnd(asSeq(node).items.at(-1) ?? null);
  return node.range?.[1] ?? null;
}

const lineStart = (text: string, at: number): number => text.lastIndexOf("\n", at - 1) + 1;
const lineEnd = (text: string, at: number): number => {
  if (at > 0 && text[at - 1] === "\n") return at;
  const newline = text.indexOf("\n", at);
  return newline === -1 ? text.length : newline + 1;
};
const isBlank = (line: string): boolean => /^\s*$/.test(line);

/** Cuts the item at `path`; it must not be the last one of a block collection, which would leave nothing behind its key. */
export function cutNode(text: string, root: unknown, path: NodePath): string | null {
  const spot = spotOf(root, path);
  if (spot === null) return null;
  const { parent, index } = spot;
  const extent = extentOf(parent.items[index]);
  if (extent === null) return null;
  return parent.flow === true ? cutFromFlow(text, spot, extent) : cutLines(text, isSeq(parent), extent);
}

function cutFromFlow(text: string, { parent, index }: Spot, { start, end }: Extent): string | null {
  const [open, close] = parent.range ?? [0, 0];
  const before = index === 0 ? open + 1 : extentOf(parent.items[index - 1])?.end;
  const isLast = index === parent.items.length - 1;
  const after = isLast ? close - 1 : extentOf(parent.items[index + 1])?.start;
  if (before === undefined || after === undefined) return null;
  // A comment could hide a comma; a `?` or a tag belongs to the item.
  if (/[^\s,]/.test(text.slice(before, start)) || /[^\s,]/.test(text.slice(end, after))) return null;
  if (parent.items.length === 1) return `${text.slice(0, open + 1)}${text.slice(close - 1)}`;
  return isLast ? `${text.slice(0, before)}${text.slice(end)}` : `${text.slice(0, start)}${text.slice(after)}`;
}

function cutLines(text: string, isItem: boolean, { start, end }: Extent): string | null {
  const lead = text.slice(lineStart(text, start), start);
  // A key too long for one line stands behind `? `.
  if (!(isItem ? /^ *- +$/ : /^ *(\? +)?$/).test(lead)) return null;
  const until = lineEnd(text, end);
  if (!/^[ \t]*(#.*)?\r?\n?$/.test(text.slice(end, until)) && end !== until) return null;
  const indent = lead.search(/[^ ]|$/);
  let from = lineStart(text, start);
  while (from > 0) {
    const above = text.slice(lineStart(text, from - 1), from);
    if (!above.trimStart().startsWith("#") || above.search(/[^ ]/) !== indent) break;
    from -= above.length;
  }
  return withoutDoubleBlank(text.slice(0, from), text.slice(until));
}

/** Blank lines on both sides of what is gone become those of one side. */
function withoutDoubleBlank(before: string, after: string): string {
  const next = after.slice(0, lineEnd(after, 0));
  if (after !== "" && !isBlank(next)) return before + after;
  let kept = before;
  while (kept.length > 0) {
    const line = kept.slice(lineStart(kept, kept.length - 1));
    if (!isBlank(line)) break;
    kept = kept.slice(0, kept.length - line.length);
  }
  return kept + after;
}
