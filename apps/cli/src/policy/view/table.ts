import { type Paint, printable } from "../../io.ts";

export interface Column {
  heading: string;
  /** Numbers stand under their unit. */
  right?: boolean;
}

/** Cells may carry hosts and paths that a sandbox chose; past this the table would be wider than any screen. */
const CELL_CHARS_MAX = 72;

const cell = (text: string): string => {
  const plain = printable(text);
  return plain.length <= CELL_CHARS_MAX ? plain : `${plain.slice(0, CELL_CHARS_MAX - 1)}…`;
};

/** Aligned columns with a dim heading; `style` colours one whole row. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[], paint: Paint): string[] {
  const cells = rows.map((row) => row.map(cell));
  const widths = columns.map(({ heading }, i) => Math.max(heading.length, ...cells.map((row) => row[i]?.length ?? 0)));
  const render = (row: readonly string[]): string =>
    columns
      .map(({ right }, i) => {
        const text = row[i] ?? "";
        return right === true ? text.padStart(widths[i] ?? 0) : text.padEnd(widths[i] ?? 0);
      })
      .join("  ")
      .trimEnd();
  return [paint("dim", render(columns.map(({ heading }) => heading))), ...cells.map(render)];
}

/** `1 error`, `2 errors`, `12,345 requests`. */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
