/** Patterns that are none, with what to write instead. */
import { globProblem } from "../glob.ts";
import { type CheckContext, fail } from "./context.ts";

const TABLE = "the table in docs/policy/meaning.md shows what a pattern can say";

/** By the words of `globProblem`; a test holds a remedy to each. */
const REMEDIES: readonly (readonly [RegExp, string])[] = [
  [/^Braces/, `Write two rules instead of braces, one for each alternative; ${TABLE}.`],
  [/backslash/, `Remove the backslash; one of \`*?[\` itself is written in brackets, such as \`[*]\`; ${TABLE}.`],
  [/^Three stars/, `Write \`**\` for any characters across segments; ${TABLE}.`],
  [/closes a bracket/, `Write \`[]]\` for the bracket itself, or remove it; ${TABLE}.`],
  [/never closed/, `Close it with \`]\`, or write \`[[]\` for the bracket itself; ${TABLE}.`],
  [/backwards/, "Write the smaller character first, such as `[a-z]`."],
  [/control character/, "Remove it."],
  [/longer than/, "Shorten it, or write several rules."],
];

export function globRemedy(problem: string): string {
  return REMEDIES.find(([words]) => words.test(problem))?.[1] ?? `See docs/policy/meaning.md: ${TABLE}.`;
}

/** Reports a pattern that is none. True where it is one. */
export function checkGlob(ctx: CheckContext, field: string, glob: string | undefined): boolean {
  const problem = glob === undefined ? null : globProblem(glob);
  if (problem !== null) fail(ctx, "bad_glob", field, problem, globRemedy(problem));
  return problem === null;
}
