/**
 * From text to a YAML document. Threat: a file that costs far more to read than to write (deep nesting, aliases that multiply, a
 * million duplicate keys) or that two readers understand differently (anchors, merges, tags, duplicate keys, several documents).
 * Invariant: one plain document; depth is bounded before anything recursive runs; time is linear in the text.
 */
import { Composer, type Document, Lexer, LineCounter, type Node, Parser } from "yaml";
import { POLICY_BYTES_MAX, YAML_DEPTH_MAX } from "../limits.ts";
import type { Place } from "../types.ts";
import type { Problems } from "./problems.ts";

export interface LoadedYaml {
  document: Document.Parsed;
  place(offset: number | undefined, field: string): Place;
}

/** Null when the text is no single plain YAML document; the reasons are in `problems`. */
export function loadYaml(text: string, problems: Problems): LoadedYaml | null {
  const bytes = text.length > POLICY_BYTES_MAX ? text.length : new TextEncoder().encode(text).length;
  const top: Place = { line: 1, column: 1, field: "" };
  if (bytes > POLICY_BYTES_MAX) {
    problems.error(
      "too_large",
      top,
      `The file has more than ${POLICY_BYTES_MAX} bytes.`,
      "Split it into policies per sandbox.",
    );
    return null;
  }
  const lines = new LineCounter();
  const place = (offset: number | undefined, field: string): Place => {
    const { line, col } = lines.linePos(Math.max(0, Math.min(offset ?? 0, text.length)));
    return { line: Math.max(1, line), column: Math.max(1, col), field };
  };
  lines.addNewLine(0);
  const parser = new Parser(lines.addNewLine);
  const tokens = [];
  let lexed = 0;
  // Depth is read off the iterative parser's own stack, lexeme by lexeme, so a bomb ends here and not in the composer's recursion.
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) tokens.push(token);
    lexed += lexeme.length;
    if (parser.stack.length > YAML_DEPTH_MAX) {
      problems.error(
        "too_deep",
        place(lexed, ""),
        `The file nests deeper than ${YAML_DEPTH_MAX} levels.`,
        "No field of a policy lies that deep; check the indentation and the brackets.",
      );
      return null;
    }
  }
  for (const token of parser.end()) tokens.push(token);
  // The library compares every key with every other; duplicates are found in the reader, in linear time.
  const composer = new Composer({
    uniqueKeys: false,
    prettyErrors: false,
    version: "1.2",
    schema: "core",
    merge: false,
  });
  const documents = [...composer.compose(tokens, true, text.length)];
  const [document] = documents;
  if (document === undefined) return null;
  for (const error of [...document.errors, ...document.warnings])
    problems.error(
      "yaml",
      place(error.pos[0], ""),
      sentence(error.message),
      "Write plain YAML: maps, lists and scalars.",
    );
  if (documents.length > 1)
    problems.error(
      "yaml",
      place(documents[1]?.range[0], ""),
      "The file holds more than one YAML document.",
      "Keep one policy per file and remove the `---` lines.",
    );
  return problems.hasErrors() ? null : { document, place };
}

const sentence = (message: string): string => {
  const line = message.split("\n")[0] ?? message;
  return /[.!?]$/.test(line) ? line : `${line}.`;
};

export const offsetOf = (node: Node | null | undefined): number | undefined => node?.range?.[0];
