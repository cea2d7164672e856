/**
 * A person's file in house layout. Threat: a formatter that changes what a file means or drops the comment that says why.
 * Invariant: the policy and every comment are the same before and after; order of fields and items is the person's own.
 */
import {
  isMap,
  isScalar,
  isSeq,
  Lexer,
  type Node,
  type Pair,
  Parser,
  Scalar,
  visit,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import { canonicalJson } from "../canonical/json.ts";
import { PolicyEditError } from "../edit/error.ts";
import { openPolicy, parsePolicy } from "../parse.ts";
import { policyFile } from "../schema/fields.ts";
import type { Spec } from "../schema/spec.ts";
import { childSpec, fitsInBraces, flowText, isAlwaysBlock, LINE_COLUMNS_MAX } from "./layout.ts";
import { isLongKey, scalarOf, scalarText } from "./scalar.ts";

/** Comments move at most once, so the second pass is the last; one more is for what nobody thought of. */
const PASSES_MAX = 3;

/** Throws PolicyEditError when the file has errors. Formatting twice is the same as once. */
export function formatPolicy(yamlText: string): string {
  const { policy, document, problems } = openPolicy(yamlText);
  if (policy === null || document === null)
    throw new PolicyEditError("The file has errors; repair them first.", problems);
  const meaning = canonicalJson(policy);
  const comments = commentsOf(yamlText);
  let text = yamlText;
  for (let pass = 0; pass < PASSES_MAX; pass++) {
    const next = formatOnce(text);
    const read = parsePolicy(next).policy;
    // A layout that cannot be kept whole is left as it was.
    if (read === null || canonicalJson(read) !== meaning || commentsOf(next).join("\n") !== comments.join("\n"))
      return yamlText;
    if (next === text) return text;
    text = next;
  }
  return yamlText;
}

/** Every comment of a text, sorted, because a comment may move to its own line. */
function commentsOf(text: string): string[] {
  const found: string[] = [];
  const take = (token: unknown): void => {
    if (Array.isArray(token)) for (const one of token) take(one);
    else if (typeof token === "object" && token !== null) {
      if ("type" in token && token.type === "comment" && "source" in token) found.push(String(token.source).trim());
      for (const value of Object.values(token)) if (typeof value === "object") take(value);
    }
  };
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(text)) for (const token of parser.next(lexeme)) take(token);
  for (const token of parser.end()) take(token);
  return found.sort();
}

function formatOnce(text: string): string {
  const { document } = openPolicy(text);
  const root = document?.contents;
  if (document == null || !isMap(root)) return text;
  const head = commentLines(document.commentBefore);
  const lines = [
    ...head,
    ...(head.length > 0 ? [""] : []),
    ...commentLines(root.commentBefore),
    ...mapLines(asMap(root), policyFile, LINE_COLUMNS_MAX - 2, true),
    ...commentLines(root.comment),
    ...(document.comment == null ? [] : ["", ...commentLines(document.comment)]),
  ];
  return `${lines.join("\n")}\n`;
}

type PolicyPair = Pair<Node, Node | null>;
const asMap = (node: YAMLMap): YAMLMap<Node, Node | null> => node as YAMLMap<Node, Node | null>;
const asSeq = (node: YAMLSeq): YAMLSeq<Node | null> => node as YAMLSeq<Node | null>;

const commentLines = (comment: string | null | undefined): string[] =>
  comment == null || comment === ""
    ? []
    : comment.split("\n").map((line) => (line === "" ? "" : line === " " ? "#" : `#${line}`));

/** A trailing comment stands on the line of what it is about; further lines follow below. */
function withComment(line: string, comment: string | null | undefined): string[] {
  const [first, ...rest] = commentLines(comment);
  return first === undefined ? [line] : [`${line} ${first}`, ...rest];
}

function hasComments(node: Node): boolean {
  let found = false;
  const look = (one: { comment?: unknown; commentBefore?: unknown }): symbol | undefined => {
    found ||= Boolean(one.comment) || Boolean(one.commentBefore);
    return found ? visit.BREAK : undefined;
  };
  visit(node, { Node: (_, one) => look(one) });
  return found;
}

const isBlockText = (node: Node): node is Scalar<string> =>
  isScalar(node) && (node.type === Scalar.BLOCK_FOLDED || node.type === Scalar.BLOCK_LITERAL);

/** Where the value of a key stands: behind it, or in lines of its own. */
interface Laid {
  inline: string | null;
  comment?: string | null | undefined;
  lines: string[];
}

function lay(node: Node | null, spec: Spec, columns: number, lead: number): Laid {
  if (node === null) return { inline: "", lines: [] };
  if (isScalar(node)) {
    const isNothing = node.value === null && (node.source ?? "") === "";
    const value = isNothing ? "" : scalarOf(asPlain(node.value), "block");
    return { inline: value, comment: joined(node.commentBefore, node.comment), lines: [] };
  }
  const value: unknown = node.toJSON();
  const isEmpty = (isMap(node) || isSeq(node)) && node.items.length === 0;
  const inner = (isMap(node) || isSeq(node)) && node.items.some((item) => hasComments(asNode(item)));
  if (isEmpty || (!inner && !isAlwaysBlock(spec))) {
    const flow = flowText(value, { kind: "any" });
    if (isEmpty || fitsInBraces(spec, flow, columns - lead))
      return { inline: flow, comment: joined(node.commentBefore, node.comment), lines: [] };
  }
  const before = commentLines(node.commentBefore);
  const after = commentLines(node.comment);
  const lines = isMap(node)
    ? mapLines(asMap(node), spec, columns - 2, false)
    : isSeq(node)
      ? asSeq(node).items.flatMap((item) => itemLines(item, childSpec(spec, ""), columns - 2))
      : [];
  return { inline: null, lines: [...before, ...lines, ...after] };
}

const joined = (a: string | null | undefined, b: string | null | undefined): string | null => {
  const parts = [a, b].filter((part): part is string => typeof part === "string" && part !== "");
  return parts.length === 0 ? null : parts.join("\n");
};

/** The reader has let only plain values through. */
const asPlain = (value: unknown): string | number | boolean | null =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : null;
/** Pairs are visited like nodes. */
const asNode = (item: unknown): Node => item as Node;

const indent = (lines: readonly string[]): string[] => lines.map((line) => (line === "" ? "" : `  ${line}`));

function itemLines(item: Node | null, spec: Spec, columns: number): string[] {
  const { inline, comment, lines } = lay(item === null ? null : withoutLead(item), spec, columns, 0);
  const lead = item === null ? [] : leadLines(item);
  if (inline !== null) return [...lead, ...withComment(`- ${inline}`.trimEnd(), comment)];
  // A comment may stand before the first field; the dash goes with the field.
  const at = lines.findIndex((line) => line !== "" && !line.startsWith("#"));
  const above = lines.slice(0, Math.max(0, at));
  return [
    ...lead,
    ...above,
    ...lines.slice(at).map((line, i) => (line === "" ? "" : `${i === 0 ? "- " : "  "}${line}`)),
  ];
}

/** A blank line and the comments that stand above an item. */
const leadLines = (node: Node): string[] => [
  ...(node.spaceBefore === true ? [""] : []),
  ...commentLines(node.commentBefore),
];

function withoutLead(node: Node): Node {
  const copy = node.clone() as Node;
  copy.commentBefore = null;
  return copy;
}

function mapLines(map: YAMLMap<Node, Node | null>, spec: Spec, columns: number, isRoot: boolean): string[] {
  const lines: string[] = [];
  let wasLong = false;
  for (const [i, pair] of map.items.entries()) {
    const own = pairLines(pair, childSpec(spec, keyOf(pair)), columns);
    const isLong = own.length > 1;
    const isApart = pair.key.spaceBefore === true || (isRoot && (isLong || wasLong));
    if (i > 0 && isApart) lines.push("");
    lines.push(...commentLines(pair.key.commentBefore), ...own);
    wasLong = isLong;
  }
  return lines;
}

const keyOf = ({ key }: PolicyPair): string => (isScalar(key) ? String(key.value) : "");

function pairLines(pair: PolicyPair, spec: Spec, columns: number): string[] {
  const name = scalarText(keyOf(pair));
  if (pair.value !== null && isBlockText(pair.value)) return blockText(name, pair.value);
  const { inline, comment, lines } = lay(pair.value, spec, columns, name.length);
  if (isLongKey(name)) {
    const value = inline === null ? lines : [inline];
    return [`? ${name}`, ...value.map((line, i) => `${i === 0 ? ": " : "  "}${line}`), ...commentLines(comment)];
  }
  if (inline === null) return [`${name}:`, ...indent(lines)];
  return withComment(`${name}: ${inline}`.trimEnd(), comment);
}

/** A text over several lines stays one; whatever ends it is written out by the strictest sign that says it. */
function blockText(name: string, node: Scalar<string>): string[] {
  const text = node.value;
  const isPlain = /^[^\s][^\r]*$/.test(text) && !/[ \t]$/m.test(text) && !/\n\n$/.test(text);
  if (!isPlain || node.type === Scalar.BLOCK_FOLDED)
    return withComment(`${name}: ${scalarOf(text, "block")}`, node.comment);
  const body = text.replace(/\n$/, "").split("\n");
  const [head = "", ...rest] = withComment(`${name}: ${text.endsWith("\n") ? "|" : "|-"}`, node.comment);
  return [head, ...indent(body), ...rest];
}
