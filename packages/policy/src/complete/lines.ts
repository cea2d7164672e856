/**
 * A file that is being written seldom parses, so its shape is read off its lines: which dashes and keys stand at which column.
 * Linear in the text; what it misreads costs a proposal and nothing else.
 */
export interface Line {
  /** Without its line break. */
  text: string;
  /** Offset of the first character. */
  start: number;
  /** Columns of the `-` that open list items here. */
  dashes: number[];
  key: KeyMark | null;
  /** Column of the first character that is no blank; -1 on a line without content. */
  indent: number;
  /** Inside a `|` or `>` text: nothing here is structure. */
  opaque: boolean;
  /** The line whose `{` or `[` is still open at the beginning of this one. */
  continues: number | null;
}

export interface KeyMark {
  name: string;
  column: number;
  /** Column of the `:`. */
  colon: number;
  /** Column where the value begins, the line's length when there is none. */
  valueColumn: number;
}

export function readLines(text: string): Line[] {
  const lines: Line[] = [];
  const open: Open = { blockColumn: null, flow: null };
  let start = 0;
  for (const raw of text.split("\n")) {
    const line = readLine(raw.endsWith("\r") ? raw.slice(0, -1) : raw, start);
    settle(line, lines.length, open);
    lines.push(line);
    start += raw.length + 1;
  }
  return lines;
}

interface Open {
  /** Column that the lines of an open block text lie right of. */
  blockColumn: number | null;
  flow: { line: number; column: number; depth: number } | null;
}

/** What began on an earlier line and still holds here; then what begins here and holds on the next. */
function settle(line: Line, at: number, open: Open): void {
  if (open.blockColumn !== null && (line.indent === -1 || line.indent > open.blockColumn)) {
    strip(line).opaque = true;
    return;
  }
  open.blockColumn = null;
  // A bracket that was never closed must not swallow the rest of the file: what stands further left has left it.
  if (open.flow !== null && (line.indent === -1 || line.indent > open.flow.column)) {
    strip(line).continues = open.flow.line;
    open.flow.depth += flowDepth(line.text, 0);
    if (open.flow.depth <= 0) open.flow = null;
    return;
  }
  open.flow = null;
  const column = line.key?.column ?? line.dashes.at(-1) ?? 0;
  const valueAt = line.key === null ? contentAfterDashes(line) : line.key.valueColumn;
  const first = line.text[valueAt];
  if ((first === "|" || first === ">") && /^[|>][-+0-9]*\s*(#.*)?$/.test(line.text.slice(valueAt)))
    open.blockColumn = column;
  else if (first === "{" || first === "[") {
    const depth = flowDepth(line.text, valueAt);
    if (depth > 0) open.flow = { line: at, column: firstColumn(line), depth };
  }
}

function strip(line: Line): Line {
  line.dashes = [];
  line.key = null;
  return line;
}

function readLine(text: string, start: number): Line {
  const dashes: number[] = [];
  let at = skipBlanks(text, 0);
  const indent = at === text.length || text[at] === "#" ? -1 : at;
  while (text[at] === "-" && (at + 1 === text.length || text[at + 1] === " ")) {
    dashes.push(at);
    at = skipBlanks(text, at + 1);
  }
  return { text, start, dashes, key: readKey(text, at), indent, opaque: false, continues: null };
}

function readKey(text: string, column: number): KeyMark | null {
  const first = text[column];
  if (first === undefined || "#{[]},&*!|>%@`".includes(first)) return null;
  const end = first === '"' || first === "'" ? quotedEnd(text, column) : column;
  for (let at = end; at < text.length; at++) {
    const char = text[at];
    if (char === "#" && text[at - 1] === " ") return null;
    if (char !== ":" || (at + 1 < text.length && text[at + 1] !== " ")) continue;
    const name = unquoted(text.slice(column, at).trim());
    return { name, column, colon: at, valueColumn: skipBlanks(text, at + 1) };
  }
  return null;
}

/** How much deeper in brackets the line ends than it began at `from`. */
function flowDepth(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const char = text[at];
    if (char === '"' || char === "'") at = quotedEnd(text, at) - 1;
    else if (char === "#" && text[at - 1] === " ") break;
    else if (char === "{" || char === "[") depth++;
    else if (char === "}" || char === "]") depth--;
  }
  return depth;
}

/** One past the closing quote; the end of the line where the quote is still open. */
export function quotedEnd(text: string, from: number): number {
  const quote = text[from];
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === "\n") return at;
    if (quote === '"' && text[at] === "\\") at++;
    else if (text[at] === quote) return at + 1;
  }
  return text.length;
}

export function unquoted(text: string): string {
  const quote = text[0];
  if (quote !== '"' && quote !== "'") return text;
  return text.endsWith(quote) && text.length > 1 ? text.slice(1, -1) : text.slice(1);
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (text[at] === " ") at++;
  return at;
}

export const firstColumn = (line: Line): number => line.dashes[0] ?? line.key?.column ?? line.indent;

export function contentAfterDashes(line: Line): number {
  const last = line.dashes.at(-1);
  return last === undefined ? skipBlanks(line.text, 0) : skipBlanks(line.text, last + 1);
}

/** Column where a comment begins, or the line's length. */
export function commentColumn(text: string): number {
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    const begins = at === 0 || text[at - 1] === " ";
    if (char === "#" && begins) return at;
    if ((char === '"' || char === "'") && (begins || "{[,:".includes(text[at - 1] ?? ""))) at = quotedEnd(text, at) - 1;
  }
  return text.length;
}
