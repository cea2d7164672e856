import type { PolicyProblem } from "@creel/policy";
import { type Paint, printable } from "../../io.ts";
import { excerpt } from "./excerpt.ts";
import { wrap } from "./wrap.ts";

export interface ProblemSource {
  /** What the file is called. */
  title: string;
  lines: readonly string[];
  /** The terminal's width, or null. */
  columns: number | null;
}

const INDENT = 4;
const REMEDY_INDENT = 6;

/** One problem: where, what, the line with a caret, and what to do. */
export function problemView({ title, lines, columns }: ProblemSource, problem: PolicyProblem, paint: Paint): string[] {
  const { place, severity } = problem;
  const style = severity === "error" ? "red" : "yellow";
  const field = fieldBeside(problem);
  const beside = field === "" ? "" : paint("dim", ` (${printable(field)})`);
  const head = `${title}:${place.line}:${place.column}: ${paint(style, severity)}: ${printable(problem.message)}`;
  return [
    ...wrap(`${head} ${paint("dim", `[${problem.code}]`)}${beside}`, { columns, indent: INDENT }),
    ...excerpt(lines, place, paint, { style }),
    ...wrap(`    ${paint("cyan", "→")} ${printable(problem.remedy)}`, { columns, indent: REMEDY_INDENT }),
  ];
}

/** What of the field's path the message does not say already: all of it, what holds the field, or nothing. */
export function fieldBeside({ message, place: { field } }: PolicyProblem): string {
  // A short name may stand in a sentence as a word of its own; only in backticks it is the field.
  if (message.includes(`\`${field}\``) || (field.includes(".") && message.includes(field))) return "";
  const dot = field.lastIndexOf(".");
  return dot > 0 && message.includes(`\`${field.slice(dot + 1)}\``) ? field.slice(0, dot) : field;
}
