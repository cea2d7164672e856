/**
 * A YAML document that was edited as a tree, as text. Invariant: what its author had to write as an escape is an escape again, so that
 * the reader, which refuses such characters as they are, reads the same document back.
 */
import { type Document, Scalar, visit } from "yaml";
import { escapeUnseen } from "./scalar.ts";

export function printDocument(document: Document.Parsed | Document): string {
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value === "string" && escapeUnseen(node.value) !== node.value) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return escapeUnseen(document.toString({ lineWidth: 0 }));
}
