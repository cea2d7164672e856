/**
 * Small edits of a file's text: take away, replace or add one field. Invariant: what a splice yields means the same as the edit of
 * the document model, or the model's own text is taken; so a mistake in placing text can cost its layout, never its meaning.
 */
import { type Document, isMap, isScalar, isSeq, type Node, parseDocument } from "yaml";
import { canonicalJson } from "../canonical/json.ts";
import { appendItem } from "../edit/splice.ts";
import { parsePolicy } from "../parse.ts";
import { printDocument } from "../print/document.ts";
import { cutItem, cutPair, insertPair, replaceScalar } from "./cut.ts";

export type FieldPath = readonly (string | number)[];

/** Takes a field or a list's item away; a list that would be left empty goes with its last item. */
export function removeAt(text: string, path: FieldPath): string | null {
  const document = read(text);
  const parent = document.getIn(path.slice(0, -1), true);
  const last = path.at(-1);
  if (last === undefined) return null;
  if (isSeq(parent) && parent.items.length === 1 && path.length > 1) return removeAt(text, path.slice(0, -1));
  const spliced = isSeq(parent)
    ? cutItem(text, parent, Number(last))
    : isMap(parent)
      ? cutPair(text, parent, String(last))
      : null;
  return checked(spliced, document, () => document.deleteIn(path));
}

/** Puts a plain value where one stands already, or adds the field. */
export function setAt(text: string, path: FieldPath, value: string | number | boolean): string | null {
  const document = read(text);
  const node = document.getIn(path, true);
  if (isScalar(node)) return checked(replaceScalar(text, node, value), document, () => document.setIn(path, value));
  return addField(text, path, JSON.stringify(value));
}

/** Adds `key: value`, the value in flow style, to the map that holds it. */
export function addField(text: string, path: FieldPath, flow: string): string | null {
  const document = read(text);
  const key = path.at(-1);
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  if (key === undefined || !isMap(parent)) return null;
  const spliced = insertPair(text, parent, String(key), flow);
  return checked(spliced, document, () => document.setIn(path, nodeOf(document, flow)));
}

/** Adds an item, given in flow style, to a list; makes the list when there is none. */
export function addItem(text: string, path: FieldPath, flow: string): string | null {
  const document = read(text);
  const list = document.getIn(path, true);
  if (list === undefined || list === null) return addField(text, path, `[${flow}]`);
  if (!isSeq(list)) return null;
  return checked(appendItem(text, list, { block: [flow], flow }), document, () =>
    document.addIn(path, nodeOf(document, flow)),
  );
}

/** The plain values of a list as the file has them; empty when there is no such list. */
export function listAt(text: string, path: FieldPath): unknown[] {
  const list = read(text).getIn(path, true);
  return isSeq(list) ? list.items.map((item) => (isScalar(item) ? item.value : undefined)) : [];
}

const read = (text: string): Document.Parsed =>
  parseDocument(text, { uniqueKeys: false, merge: false, prettyErrors: false });
const nodeOf = (document: Document, flow: string): Node => document.createNode(parseDocument(flow).toJS() as unknown);

function checked(spliced: string | null, document: Document, change: () => void): string {
  change();
  const printed = printDocument(document);
  if (spliced === null) return printed;
  const meaning = meaningOf(spliced);
  return meaning !== null && meaning === meaningOf(printed) ? spliced : printed;
}

function meaningOf(text: string): string | null {
  const { policy } = parsePolicy(text);
  return policy === null ? null : canonicalJson(policy);
}
