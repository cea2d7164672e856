/** What the YAML library says of a syntax error, in words an author can act on. */
import { quoted } from "./quote.ts";

export interface Fault {
  offset: number;
  message: string;
}

/**
 * The fault to tell. What follows a syntax error is read on a guess, so the first one counts; a tab shifts whatever stands around it,
 * so that the first one often lies elsewhere.
 */
export function firstFault(faults: readonly Fault[]): Fault | undefined {
  const tab = earliest(faults.filter(({ message }) => /^Tabs are not allowed/.test(message)));
  return tab ?? earliest(faults);
}

const earliest = (faults: readonly Fault[]): Fault | undefined =>
  faults.reduce<Fault | undefined>(
    (first, fault) => (first === undefined || fault.offset < first.offset ? fault : first),
    undefined,
  );

export interface ToldFault {
  offset: number;
  message: string;
  remedy: string;
}

/** More of a line than this says nothing further. */
const SHOWN_CHARS_MAX = 80;

export function tellFault(text: string, { offset, message }: Fault): ToldFault {
  const told = (say: string, remedy: string, at = offset): ToldFault => ({ offset: at, message: say, remedy });
  if (message.startsWith("Tabs are not allowed"))
    return told("The line is indented with a tab, which YAML does not allow.", "Indent with spaces.");
  if (/^Alias cannot be an empty string/.test(message)) {
    const star = text.lastIndexOf("*", offset);
    const word = /^[^\s,\]}]+/.exec(text.slice(star, star + SHOWN_CHARS_MAX))?.[0] ?? "*";
    return told(`A \`*\` that is not quoted begins a YAML alias.`, `Quote it: "${word}".`, star);
  }
  if (/^Implicit (map )?keys need to be/.test(message)) {
    const missing = missingColon(lineFrom(text, offset));
    if (missing !== null) return told(missing.message, missing.remedy);
  }
  const reserved =
    /^Plain value cannot start with (?:reserved|directive indicator|block scalar indicator).*character/.exec(message);
  if (reserved !== null) {
    const word = lineFrom(text, offset)
      .replace(/\s+#.*$/, "")
      .replace(/[\s,\]}]+$/, "");
    return told(
      `A text cannot begin with \`${text.charAt(offset)}\` unless it is quoted.`,
      `Quote it: ${quoted(word)}.`,
    );
  }
  if (message.startsWith("Unexpected scalar at node end"))
    return told("Text stands behind a value that has ended.", "Put the whole value in quotes, or begin a new line.");
  if (/^Nested mappings are not allowed/.test(message))
    return told(
      "A second `:` stands on one line, so the value reads as a map.",
      "Put the value in quotes, or begin a new line, indented further.",
    );
  if (/^Missing closing .?["'].?quote/.test(message))
    return told("A text in quotes is not closed.", `Close it with \`${message.includes("'") ? "'" : '"'}\`.`);
  const open = /^Flow (map|sequence) .*must be sufficiently indented/.exec(message);
  if (open !== null) {
    const [from, to] = open[1] === "map" ? ["{", "}"] : ["[", "]"];
    return told(`A \`${from}\` above is not closed.`, `Close it with \`${to}\`, and indent every line within it.`);
  }
  if (/^(Sequence item without|All (mapping|sequence) items must start|Bad indentation)/.test(message))
    return told(
      "The indentation of this line fits nothing above it.",
      "Begin the fields of one map in the same column, and so the `-` of one list.",
    );
  return told(sentence(message), "Write plain YAML: maps, lists and scalars.");
}

/** A line that should be `key: value`. */
function missingColon(line: string): { message: string; remedy: string } | null {
  const key = /^[A-Za-z_][A-Za-z0-9_-]*/.exec(line)?.[0];
  if (key === undefined) return null;
  const rest = line.slice(key.length).replace(/\s+#.*$/, "");
  const value = rest.replace(/^:/, "").trim();
  if (/^:\S/.test(rest))
    return { message: `A space is missing after \`${key}:\`.`, remedy: `Write \`${key}: ${value}\`.` };
  if (/^(\s|$)/.test(rest))
    return {
      message: `\`:\` is missing after \`${key}\`.`,
      remedy: `Write \`${key}:${value === "" ? "" : ` ${value}`}\`.`,
    };
  return null;
}

/** The rest of the line, cut. */
function lineFrom(text: string, offset: number): string {
  const rest = text.slice(offset, offset + SHOWN_CHARS_MAX);
  return (rest.split(/\r?\n/)[0] ?? "").trimEnd();
}

const sentence = (message: string): string => {
  const line = message.split("\n")[0] ?? message;
  return /[.!?]$/.test(line) ? line : `${line}.`;
};
