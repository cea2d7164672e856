import { visible } from "@creel/policy/visible";
import type { z } from "zod";
import { EXIT, type ExitCode } from "../exit.ts";
import { type Io, jsonLine, line, painter, printable } from "../io.ts";
import type { grantedSchema } from "./views.ts";

/** Exit code 4 says that others have to approve it first. */
export function sayGranted(answer: z.output<typeof grantedSchema>, json: boolean, io: Io): ExitCode {
  const code = answer.outcome === "proposed" ? EXIT.needsApproval : EXIT.done;
  if (json) io.out(jsonLine(answer));
  else if (answer.outcome === "proposed")
    io.out(line(`proposed as change ${printable(answer.changeId)}; nothing is allowed until it is approved`));
  else for (const id of answer.exceptionIds) io.out(line(`${printable(id)} until ${printable(answer.until)}`));
  return code;
}

/** People decide by these lines: what nobody would see stands in them as its number, and not as a dot. */
export function sayTable(headings: readonly string[], rows: readonly string[][], io: Io): void {
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
