/** A sentence on lines of a terminal's width. Painted words keep their colour across a line's end. */

/** Narrower than this no line would hold a path. */
const WIDTH_MIN = 20;
// biome-ignore lint/suspicious/noControlCharactersInRegex: exactly what the painter writes is of no width
const PAINTED = /\x1b\[[0-9]+m/g;

const visibleLength = (text: string): number => text.replace(PAINTED, "").length;

export interface WrapOptions {
  /** Columns there are; null is no terminal, and nothing is wrapped: a line is what another program reads. */
  columns: number | null;
  /** Columns that the lines behind the first begin with. */
  indent: number;
}

/** Breaks at spaces alone: a path or a host is never cut. */
export function wrap(text: string, { columns, indent }: WrapOptions): string[] {
  if (columns === null) return [text];
  const width = Math.max(columns, indent + WIDTH_MIN);
  const lines: string[] = [];
  let current = "";
  let length = 0;
  for (const word of text.split(/(?<=\S)(?= )/)) {
    const wide = visibleLength(word);
    if (length > 0 && length + wide > width) {
      lines.push(current);
      current = " ".repeat(indent) + word.trimStart();
      length = visibleLength(current);
    } else {
      current += word;
      length += wide;
    }
  }
  return [...lines, current];
}
