import type { Text } from "@codemirror/state";

/** The offset of a line and column that both count from 1; the nearest one where the text has become shorter meanwhile. */
export function offsetOf(doc: Text, place: { line: number; column: number }): number {
  const line = doc.line(Math.min(Math.max(1, place.line), doc.lines));
  return Math.min(line.to, line.from + Math.max(0, place.column - 1));
}

/** The word at a place: what a problem speaks of, as far as its place tells. */
export function wordAt(doc: Text, place: { line: number; column: number }): { from: number; to: number } {
  const from = offsetOf(doc, place);
  const line = doc.lineAt(from);
  const rest = doc.sliceString(from, line.to);
  const quoted = /^("[^"]*"|'[^']*')/.exec(rest)?.[0].length;
  const length = quoted ?? /^(- )?[^\s:,{}[\]]*/.exec(rest)?.[0].length ?? 0;
  // An empty range would not be seen.
  return {
    from: length === 0 && from === line.to ? line.from : from,
    to: Math.max(from + length, Math.min(from + 1, line.to)),
  };
}
