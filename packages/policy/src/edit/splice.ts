/**
 * Insertions into YAML text that leave every other byte as its author wrote it. The document model would reflow comments and quotes;
 * here it only says where things stand. What cannot be placed safely returns null, and the caller edits the document instead.
 */
import { isMap, isScalar, type Node, type YAMLMap, type YAMLSeq } from "yaml";
import { scalarText } from "../print/scalar.ts";

/** An item to be inserted, in both of YAML's styles; `block` lines are relative to the item's own indentation. */
export interface Snippet {
  block: readonly string[];
  flow: string;
}

const lineStart = (text: string, at: number): number => text.lastIndexOf("\n", at - 1) + 1;
const columnOf = (text: string, at: number): number => at - lineStart(text, at);
const eolOf = (text: string): string => (text.includes("\r\n") ? "\r\n" : "\n");

/** The start of the line behind a node, or the end of the text. */
function lineAfter(text: string, end: number): number {
  if (end > 0 && text[end - 1] === "\n") return end;
  const newline = text.indexOf("\n", end);
  return newline === -1 ? text.length : newline + 1;
}

function insertLines(text: string, at: number, indent: number, lines: readonly string[]): string {
  const eol = eolOf(text);
  const before = at > 0 && text[at - 1] !== "\n" ? eol : "";
  const body = lines.map((line) => `${" ".repeat(indent)}${line}${eol}`).join("");
  return `${text.slice(0, at)}${before}${body}${text.slice(at)}`;
}

function insertInFlow(text: string, node: Node, flow: string, isEmpty: boolean): string | null {
  const [start, end] = node.range ?? [0, 0];
  const close = end - 1;
  const inner = text.slice(start + 1, close);
  // A comment inside brackets could swallow what is inserted.
  if (inner.includes("#") || !/[\]}]/.test(text[close] ?? "")) return null;
  const kept = inner.trimEnd();
  const separator = isEmpty || kept.endsWith(",") ? (isEmpty ? "" : " ") : ", ";
  return `${text.slice(0, start + 1)}${kept}${separator}${flow}${inner.slice(kept.length)}${text.slice(close)}`;
}

const endOf = (node: unknown): number | null => {
  const range = (node as { range?: [number, number, number] | null } | null | undefined)?.range;
  return range === null || range === undefined ? null : range[1];
};

/** Adds an item at the end of a list. */
export function appendItem(text: string, list: YAMLSeq, snippet: Snippet): string | null {
  if (list.flow === true) return insertInFlow(text, list, snippet.flow, list.items.length === 0);
  const start = list.range?.[0];
  const end = endOf(list.items.at(-1));
  if (start === undefined || end === null || text[start] !== "-") return null;
  const lines = snippet.block.map((line, i) => (i === 0 ? `- ${line}` : `  ${line}`));
  return insertLines(text, lineAfter(text, end), columnOf(text, start), lines);
}

/** Adds `key: value` at the end of a map; `parentIndent` counts when the map is an empty `{}`. */
export function appendPair(
  text: string,
  map: YAMLMap,
  key: string,
  snippet: Snippet,
  parentIndent: number,
): string | null {
  const block = [`${key}:`, ...snippet.block.map((line) => `  ${line}`)];
  if (map.flow === true) {
    if (map.items.length > 0) return insertInFlow(text, map, `${key}: ${snippet.flow}`, false);
    const [start, end] = map.range ?? [0, 0];
    if (text.slice(start, end) !== "{}" || /[^\s]/.test(restOfLine(text, end).replace(/#.*$/, ""))) return null;
    const eol = eolOf(text);
    const body = block.map((line) => `${eol}${" ".repeat(parentIndent + 2)}${line}`).join("");
    const lineEnd = end + restOfLine(text, end).length;
    return `${text.slice(0, start).trimEnd()}${text.slice(end, lineEnd)}${body}${text.slice(lineEnd)}`;
  }
  const first = map.items[0]?.key;
  const start = (first as Node | undefined)?.range?.[0];
  const last = map.items.at(-1);
  const end = endOf(last?.value) ?? endOf(last?.key);
  if (start === undefined || end === null || !isMap(map)) return null;
  return insertLines(text, lineAfter(text, end), columnOf(text, start), block);
}

const restOfLine = (text: string, at: number): string => /^[^\r\n]*/.exec(text.slice(at))?.[0] ?? "";

/** Fills a key that has nothing behind its colon. */
export function fillEmpty(text: string, keyNode: Node, key: string, snippet: Snippet): string | null {
  const end = keyNode.range?.[1];
  if (end === undefined || !isScalar(keyNode)) return null;
  const indent = columnOf(text, keyNode.range?.[0] ?? 0) + 2;
  return insertLines(text, lineAfter(text, end), indent, [`${key}:`, ...snippet.block.map((line) => `  ${line}`)]);
}

/** Adds an entry to `network_policies`, which may be missing or empty. */
export function spliceEntry(text: string, root: YAMLMap, key: string, snippet: Snippet): string | null {
  const pair = root.items.find((item) => isScalar(item.key) && item.key.value === "network_policies");
  const name = scalarText(key);
  if (pair === undefined) {
    const wrapped: Snippet = {
      block: [`${name}:`, ...snippet.block.map((line) => `  ${line}`)],
      flow: `{ ${name}: ${snippet.flow} }`,
    };
    return appendPair(text, root, "network_policies", wrapped, 0);
  }
  if (isMap(pair.value)) return appendPair(text, pair.value, name, snippet, 0);
  return isScalar(pair.key) ? fillEmpty(text, pair.key, name, snippet) : null;
}
