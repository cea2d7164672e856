import type { RiskGrade } from "@creel/policy";
import { usageError } from "../../exit.ts";
import type { Register } from "../../register.ts";

/** Spelt here as well, so that `--help` need not load the policy package. */
const GRADES: readonly RiskGrade[] = ["none", "low", "medium", "high", "critical"];

function grade(text: string): RiskGrade {
  const found = GRADES.find((known) => known === text);
  if (found !== undefined) return found;
  throw usageError(`"${text}" is no grade`, `Write one of: ${GRADES.join(", ")}; none means any change.`, "--fail-on");
}

/** `diff`: one version beside another. */
export const registerDiff: Register = (policy, io, finish) => {
  policy
    .command("diff")
    .description("show what a new version newly allows and newly denies, as sets, with a grade of risk")
    .argument("<before>", "policy file (YAML); - reads standard input")
    .argument("<after>", "policy file (YAML)")
    .option("--fail-on <grade>", `exit 4 on a change of this grade or graver: ${GRADES.join(", ")}`, grade)
    .option("--json", "print {requests, settings, exact, risk} as JSON")
    .addHelpText(
      "after",
      `
Exit code 0, or 4 (needs approval) where --fail-on says so; --fail-on none is any change at all. 2 when a policy is not valid.

Example:
  git show main:policy.yaml | creel policy diff - policy.yaml --fail-on medium`,
    )
    .action(async (before: string, after: string, options: { failOn?: RiskGrade; json?: boolean }) => {
      const { diffFiles } = await import("../diff.ts");
      finish(await diffFiles(before, after, { failOn: options.failOn ?? null, json: options.json === true }, io));
    });
};
