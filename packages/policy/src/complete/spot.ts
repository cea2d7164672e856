/** Where a cursor stands in the tree of a file that may be half written. */
import { YAML_DEPTH_MAX } from "../limits.ts";
import { walkFlow } from "./flow.ts";
import { commentColumn, contentAfterDashes, firstColumn, type Line, unquoted } from "./lines.ts";
import type { Spot, Step } from "./types.ts";

/** Null in comments and in block texts, where no word means anything. */
export function spotAt(text: string, lines: readonly Line[], offset: number): Spot | null {
  const at = lineAt(lines, offset);
  const line = lines[at];
  if (line === undefined || line.opaque) return null;
  const column = Math.min(offset - line.start, line.text.length);
  const comment = commentColumn(line.text);
  if (comment < column || (comment === column && comment < line.text.length)) return null;
  if (line.continues !== null && !leftFlow(lines, line, column))
    return flowSpot({ text, lines, at: line.continues, offset });
  const valueColumn = line.key?.valueColumn ?? contentAfterDashes(line);
  const opens = line.text[valueColumn] === "{" || line.text[valueColumn] === "[";
  if (opens && column > valueColumn) return flowSpot({ text, lines, at, offset });
  if (line.key !== null && column > line.key.colon) return valueSpot(lines, at, line.key, offset);
  return keySpot(lines, at, column);
}

/** On an empty line left of what opened the bracket the author has given the bracket up. */
const leftFlow = (lines: readonly Line[], line: Line, column: number): boolean => {
  const opener = lines[line.continues ?? 0];
  return line.indent === -1 && opener !== undefined && column <= firstColumn(opener);
};

function lineAt(lines: readonly Line[], offset: number): number {
  let low = 0;
  let high = lines.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((lines[middle]?.start ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

function keySpot(lines: readonly Line[], at: number, column: number): Spot | null {
  const line = lines[at];
  if (line === undefined) return null;
  const wordColumn = contentAfterDashes(line);
  const blank = wordColumn >= line.text.length;
  // On an empty line the cursor itself says how deep the author means to be.
  const indent = blank ? Math.max(column, (line.dashes.at(-1) ?? -2) + 2) : wordColumn;
  if (column < wordColumn && !blank) return null;
  const end = line.key?.colon ?? line.text.slice(0, commentColumn(line.text)).trimEnd().length;
  return {
    steps: stepsAbove(lines, at, indent),
    place: "key",
    from: line.start + (blank ? column : wordColumn),
    to: line.start + Math.max(blank ? column : wordColumn, end),
    siblings: siblingsOf(lines, at, indent),
    hasColon: line.key !== null,
    indent,
    flow: false,
  };
}

function valueSpot(lines: readonly Line[], at: number, key: NonNullable<Line["key"]>, offset: number): Spot | null {
  const line = lines[at];
  if (line === undefined) return null;
  const end = line.text.slice(0, commentColumn(line.text)).trimEnd().length;
  const from = Math.min(line.start + key.valueColumn, offset);
  return {
    steps: [...stepsAbove(lines, at, key.column), keyStep(lines, at, key)],
    place: "value",
    from,
    to: Math.max(offset, line.start + end),
    siblings: new Map(),
    hasColon: false,
    indent: key.column,
    flow: false,
  };
}

function flowSpot(given: { text: string; lines: readonly Line[]; at: number; offset: number }): Spot | null {
  const { text, lines, at, offset } = given;
  const line = lines[at];
  if (line === undefined) return null;
  const column = line.key?.valueColumn ?? contentAfterDashes(line);
  let last = at;
  while (lines[last + 1]?.continues === at) last++;
  const end = (lines[last]?.start ?? 0) + (lines[last]?.text.length ?? 0);
  const outer =
    line.key === null
      ? stepsAbove(lines, at, column)
      : [...stepsAbove(lines, at, line.key.column), keyStep(lines, at, line.key)];
  return walkFlow({ text, open: line.start + column, cursor: offset, end, outer });
}

const keyStep = (lines: readonly Line[], at: number, key: { name: string; column: number }): Step => ({
  kind: "key",
  name: key.name,
  siblings: () => siblingsOf(lines, at, key.column),
});

/** The keys and items that enclose column `indent` of line `at`, outermost first. */
function stepsAbove(lines: readonly Line[], at: number, indent: number): Step[] {
  const steps: Step[] = [];
  let column = indent;
  // A list may begin at the very column of its key.
  let ofList = false;
  for (let i = at; i >= 0 && (column > 0 || ofList); i--) {
    const line = lines[i];
    if (line === undefined) continue;
    // Deeper than any file that loads.
    if (steps.length > YAML_DEPTH_MAX) return steps;
    const { key } = line;
    if (i !== at && key !== null && (key.column < column || (ofList && key.column === column))) {
      steps.unshift(keyStep(lines, i, key));
      column = key.column;
      ofList = false;
    }
    for (let d = line.dashes.length - 1; d >= 0 && steps.length <= YAML_DEPTH_MAX; d--) {
      const dash = line.dashes[d] ?? 0;
      if (dash >= column) continue;
      steps.unshift({ kind: "item" });
      column = dash;
      ofList = true;
    }
  }
  return steps;
}

/** The keys at this column that belong to the map around line `at`, without that line's own. */
function siblingsOf(lines: readonly Line[], at: number, column: number): Map<string, string> {
  const found = new Map<string, string>();
  const own = lines[at];
  const opensMap = own !== undefined && own.dashes.length > 0 && (own.dashes.at(-1) ?? 0) < column;
  for (let i = at - 1; i >= 0 && !opensMap; i--) if (note(lines[i], column, found) === "outside") break;
  for (let i = at + 1; i < lines.length; i++) {
    const line = lines[i];
    if (line !== undefined && isStructure(line) && firstColumn(line) < column) break;
    note(line, column, found);
  }
  return found;
}

const isStructure = (line: Line): boolean => line.indent !== -1 && !line.opaque && line.continues === null;

function note(line: Line | undefined, column: number, found: Map<string, string>): "inside" | "outside" {
  if (line === undefined || !isStructure(line)) return "inside";
  const { key } = line;
  // A list at the keys' own column belongs to the key above it.
  const inItem = line.dashes.some((dash) => dash === column);
  if (key !== null && key.column === column && !inItem) found.set(key.name, plainValue(line));
  return firstColumn(line) < column ? "outside" : "inside";
}

const plainValue = (line: Line): string =>
  unquoted(line.text.slice(line.key?.valueColumn ?? 0, commentColumn(line.text)).trim());
