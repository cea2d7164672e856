import type { DiffLine } from "@creel/policy";
import { type Paint, printable } from "../../io.ts";

/** Unchanged lines kept around a change, so that it can be found in the file. */
const CONTEXT_LINES = 3;

/** The changed lines of a file with their numbers and a little around them; nothing when nothing changed. */
export function textDiff(lines: readonly DiffLine[], paint: Paint): string[] {
  const near = new Array<boolean>(lines.length).fill(false);
  lines.forEach((line, index) => {
    if (line.kind === "same") return;
    const last = Math.min(lines.length - 1, index + CONTEXT_LINES);
    for (let i = Math.max(0, index - CONTEXT_LINES); i <= last; i++) near[i] = true;
  });
  const numbers = lines.map((line) => line.newLine ?? line.oldLine ?? 0);
  const width = String(Math.max(0, ...numbers.filter((_, i) => near[i] === true))).length;
  const shown: string[] = [];
  let gap = false;
  lines.forEach((line, index) => {
    if (near[index] !== true) {
      gap = shown.length > 0;
      return;
    }
    if (gap) shown.push(paint("dim", `${" ".repeat(width + 2)} ⋮`));
    gap = false;
    shown.push(diffLine(line, String(numbers[index]).padStart(width + 2), paint));
  });
  return shown;
}

function diffLine(line: DiffLine, number: string, paint: Paint): string {
  const text = printable(line.text);
  if (line.kind === "added") return paint("green", `${number} + ${text}`.trimEnd());
  if (line.kind === "removed") return paint("red", `${number} - ${text}`.trimEnd());
  return paint("dim", `${number}   ${text}`.trimEnd());
}
