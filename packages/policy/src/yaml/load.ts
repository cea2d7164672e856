/**
 * From text to a YAML tree. Threat: a file that costs far more to read than to write (deep nesting, aliases that multiply, a
 * million duplicate keys) or that two readers understand differently (anchors, merges, tags, duplicate keys, several documents).
 * Invariant: one plain document; depth is bounded before anything recursive runs; time is linear in the text.
 */
import { Composer, type Document, Lexer, Parser } from "yaml";
import { POLICY_BYTES_MAX, PROBLEMS_MAX, YAML_DEPTH_MAX, YAML_LEXEMES_MAX } from "../limits.ts";
import type { Place } from "../types.ts";
import { type Fault, firstFault, tellFault } from "./faults.ts";
import { fromLibrary } from "./from-library.ts";
import { Lines } from "./lines.ts";
import type { YamlNode } from "./node.ts";
import type { Problems } from "./problems.ts";
import { readQuickly } from "./quick.ts";

export interface LoadedYaml {
  root: YamlNode | null;
  /** Line and column are counted when something is to be said. */
  place(offset: number, field: string): Place;
  /** With layout and comments, for edits; made when first asked for. */
  document(): Document.Parsed | null;
}

/** Null when the text is no single plain YAML document; the reasons are in `problems`. */
export function loadYaml(text: string, problems: Problems): LoadedYaml | null {
  const bytes = text.length > POLICY_BYTES_MAX ? text.length : new TextEncoder().encode(text).length;
  if (bytes > POLICY_BYTES_MAX) {
    problems.error(
      "too_large",
      { line: 1, column: 1, field: "" },
      `The file has more than ${POLICY_BYTES_MAX} bytes.`,
      "Split it into policies per sandbox.",
    );
    return null;
  }
  const lines = new Lines(text);
  const place = (offset: number, field: string): Place => lines.place(offset, field);
  const root = readQuickly(text);
  if (root !== undefined) {
    let made: Document.Parsed | null | undefined;
    return {
      root,
      place,
      document: () => {
        made ??= composed(text, place, problems);
        return made;
      },
    };
  }
  const document = composed(text, place, problems);
  return document === null ? null : { root: fromLibrary(document.contents), place, document: () => document };
}

/** By the library: everything that YAML is, within bounds. */
function composed(text: string, place: LoadedYaml["place"], problems: Problems): Document.Parsed | null {
  const parser = new Parser();
  const tokens = [];
  let lexed = 0;
  let lexemes = 0;
  let misplaced = 0;
  // Depth is read off the iterative parser's own stack, lexeme by lexeme, so a bomb ends here and not in the composer's recursion.
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) {
      tokens.push(token);
      if (token.type === "error") misplaced += 1;
    }
    if (misplaced >= PROBLEMS_MAX) break;
    lexed += lexeme.length;
    lexemes += 1;
    if (lexemes > YAML_LEXEMES_MAX) {
      problems.error(
        "too_large",
        place(lexed, ""),
        `The file has more than ${YAML_LEXEMES_MAX} words, marks and line ends.`,
        "Remove what is empty or repeated, or split it into policies per sandbox.",
      );
      return null;
    }
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
  const faults = collectFaults(composer);
  const documents: Document.Parsed[] = [];
  try {
    for (const document of composer.compose(tokens, true, text.length)) {
      documents.push(document);
      // A second one is refused already; what comes after it tells nothing new.
      if (documents.length > 1) break;
    }
  } catch (error) {
    if (!(error instanceof TooManyFaults)) throw error;
  }
  for (const document of documents)
    for (const { pos, message } of [...document.errors, ...document.warnings]) faults.push({ offset: pos[0], message });
  const fault = firstFault(faults);
  if (fault !== undefined) {
    const told = tellFault(text, fault);
    problems.error("yaml", place(told.offset, ""), told.message, told.remedy);
    return null;
  }
  const [document] = documents;
  if (document === undefined) return null;
  if (documents.length > 1)
    problems.error(
      "yaml",
      place(documents[1]?.range[0] ?? 0, ""),
      "The file holds more than one YAML document.",
      "Keep one policy per file and remove the `---` lines.",
    );
  if (document.directives?.yaml.explicit === true || (document.directives?.tags["!"] ?? "!") !== "!")
    problems.error(
      "directive",
      { line: 1, column: 1, field: "" },
      "YAML directives such as `%YAML` are not allowed: they change what words and numbers mean.",
      "Remove the lines that begin with `%`.",
    );
  return problems.hasErrors() ? null : document;
}

class TooManyFaults extends Error {}

/**
 * The library makes an error with a stack for each fault and goes on to the end, which for a megabyte of commas takes seconds.
 * Here a fault is two fields, and enough of them end the reading.
 */
function collectFaults(composer: Composer): Fault[] {
  const faults: Fault[] = [];
  faultSink(composer).onError = (source, _code, message) => {
    faults.push({ offset: offsetOfSource(source), message });
    if (faults.length >= PROBLEMS_MAX) throw new TooManyFaults();
  };
  return faults;
}

type FaultSource = number | readonly [number, number, ...unknown[]] | { offset: number };

/** `Composer` keeps its callback in a field that its types call private: yaml 2.9 sets `onError` in the constructor and nowhere else. */
const faultSink = (composer: unknown) =>
  composer as { onError: (source: FaultSource, code: string, message: string, warning?: boolean) => void };

function offsetOfSource(source: FaultSource): number {
  if (typeof source === "number") return source;
  return "offset" in source ? source.offset : source[0];
}
