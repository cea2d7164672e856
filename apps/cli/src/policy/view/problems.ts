import type { PolicyProblem } from "@creel/policy";
import { type Paint, printable } from "../../io.ts";
import { excerpt } from "./excerpt.ts";

/** One problem: where, what, the line with a caret, and what to do. */
export function problemView(file: string, lines: readonly string[], problem: PolicyProblem, paint: Paint): string[] {
  const { place, severity } = problem;
  const style = severity === "error" ? "red" : "yellow";
  const field = place.field === "" ? "" : paint("dim", ` (${printable(place.field)})`);
  return [
    `${file}:${place.line}:${place.column}: ${paint(style, severity)}: ${printable(problem.message)} ${paint("dim", `[${problem.code}]`)}${field}`,
    ...excerpt(lines, place, paint, { style }),
    `    ${paint("cyan", "→")} ${printable(problem.remedy)}`,
  ];
}
