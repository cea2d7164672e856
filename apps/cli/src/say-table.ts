import { visible } from "@creel/policy/visible";
import { type Io, line, painter } from "./io.ts";

/**
 * Aligned columns under a dim heading, a line each. People decide by these lines: what nobody would see stands in them as its number, and
 * not as a dot.
 */
export function sayTable(headings: readonly string[], rows: readonly (readonly string[])[], io: Io): void {
  const all = [[...headings], ...rows.map((cells) => cells.map(visible))];
  const widths = headings.map((_, column) => Math.max(...all.map((cells) => cells[column]?.length ?? 0)));
  const paint = painter(io.colour);
  all.forEach((cells, index) => {
    const text = cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
    io.out(line(index === 0 ? paint("dim", text) : text));
  });
}
