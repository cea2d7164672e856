/** Splices that take away or replace, leaving every other byte. Null: this layout is left to the document model. */
import { isScalar, type Node, type Scalar, type YAMLMap, type YAMLSeq } from "yaml";

const lineStart = (text: string, at: number): number => text.lastIndexOf("\n", at - 1) + 1;
function lineAfter(text: string, end: number): number {
  if (end > 0 && text[end - 1] === "\n") return end;
  const newline = text.indexOf("\n", end);
  return newline === -1 ? text.length : newline + 1;
}
/** Items of a parsed collection are nodes, which know where they stand. */
const rangeOf = (node: unknown): [number, number] | null => {
  const range = (node as Node | null | undefined)?.range;
  return range === null || range === undefined ? null : [range[0], range[1]];
};

export function cutItem(text: string, list: YAMLSeq, index: number): string | null {
  const range = rangeOf(list.items[index]);
  if (range === null || list.items.length < 2) return null;
  if (list.flow === true) return cutFlow(text, range, rangeOf(list.items[index - 1]), rangeOf(list.items[index + 1]));
  const start = lineStart(text, range[0]);
  if (!/^\s*-\s+$/.test(text.slice(start, range[0]))) return null;
  return cutLines(text, start, range[1]);
}

export function cutPair(text: string, map: YAMLMap, key: string): string | null {
  const index = map.items.findIndex((pair) => isScalar(pair.key) && String(pair.key.value) === key);
  const pair = map.items[index];
  if (pair === undefined || map.items.length < 2) return null;
  const whole = (at: number): [number, number] | null => {
    const one = map.items[at];
    const start = rangeOf(one?.key);
    if (start === null) return null;
    return [start[0], (rangeOf(one?.value) ?? start)[1]];
  };
  const range = whole(index);
  if (range === null) return null;
  if (map.flow === true) return cutFlow(text, range, whole(index - 1), whole(index + 1));
  const start = lineStart(text, range[0]);
  if (text.slice(start, range[0]).trim() !== "") return null;
  return cutLines(text, start, range[1]);
}

function cutLines(text: string, start: number, end: number): string {
  const after = lineAfter(text, end);
  return `${text.slice(0, start)}${text.slice(after)}`;
}

function cutFlow(
  text: string,
  range: [number, number],
  before: [number, number] | null,
  behind: [number, number] | null,
): string | null {
  const [from, to] = behind !== null ? [range[0], behind[0]] : before !== null ? [before[1], range[1]] : range;
  // A comment may speak of what stays.
  return text.slice(from, to).includes("#") ? null : `${text.slice(0, from)}${text.slice(to)}`;
}

export function replaceScalar(text: string, node: Scalar, value: string | number | boolean): string | null {
  const range = rangeOf(node);
  if (range === null || node.type === "BLOCK_FOLDED" || node.type === "BLOCK_LITERAL") return null;
  const plain = typeof value !== "string" || /^[A-Za-z0-9/][A-Za-z0-9/._:+-]*$/.test(value);
  return `${text.slice(0, range[0])}${plain ? String(value) : JSON.stringify(value)}${text.slice(range[1])}`;
}

/** Adds `key: flow` at the end of a map that is not empty. */
export function insertPair(text: string, map: YAMLMap, key: string, flow: string): string | null {
  const first = rangeOf(map.items[0]?.key);
  const last = map.items.at(-1);
  const end = rangeOf(last?.value) ?? rangeOf(last?.key);
  if (first === null || end === null) return null;
  const name = /^[A-Za-z_][A-Za-z0-9_-]*$/.test(key) ? key : JSON.stringify(key);
  if (map.flow === true) {
    const close = (rangeOf(map)?.[1] ?? 0) - 1;
    const inner = text.slice(end[1], close);
    if (text[close] !== "}" || inner.includes("#")) return null;
    return `${text.slice(0, end[1])}, ${name}: ${flow}${inner.replace(",", "")}${text.slice(close)}`;
  }
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  const at = lineAfter(text, end[1]);
  const indent = " ".repeat(first[0] - lineStart(text, first[0]));
  const begin = at > 0 && text[at - 1] !== "\n" ? eol : "";
  return `${text.slice(0, at)}${begin}${indent}${name}: ${flow}${eol}${text.slice(at)}`;
}
