import { readFileSync } from "node:fs";
import { type PolicyProblem, parsePolicy } from "@creel/policy";
import { CliError, EXIT, messageOf, systemCode, usageError } from "../exit.ts";

/** A policy is written by people; anything larger is a mistake and would only cost memory. */
const POLICY_BYTES_MAX = 1024 * 1024;
type Parsed = NonNullable<ReturnType<typeof parsePolicy>["policy"]>;

/** Reads a policy file as text, `-` meaning nothing here: policies are files that people review. */
export function readPolicyText(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const reason = systemCode(error) === "ENOENT" ? "there is no such file" : messageOf(error);
    throw usageError(`the policy could not be read: ${reason}`, "Name a policy file (YAML) that exists.", file);
  }
  if (text.length > POLICY_BYTES_MAX) {
    throw usageError("the policy is larger than 1 MiB", "Split it, or check that this is the right file.", file);
  }
  return text;
}

export const describeProblem = (file: string, problem: PolicyProblem): string =>
  `${file}:${problem.place.line}:${problem.place.column}: ${problem.severity}: ${problem.message}` +
  `${problem.place.field === "" ? "" : ` (${problem.place.field})`}\n    ${problem.remedy}`;

/** A policy that must be valid to go on: for `decide` and `run`. */
export function loadPolicy(file: string): { policy: Parsed; yaml: string } {
  const yaml = readPolicyText(file);
  const { policy, problems } = parsePolicy(yaml, { file });
  const errors = problems.filter((problem) => problem.severity === "error");
  if (policy === null || errors.length > 0) {
    throw new CliError(
      `the policy is not valid\n${errors.map((problem) => describeProblem(file, problem)).join("\n")}`,
      {
        exitCode: EXIT.usage,
        place: file,
        remedy: `Correct it; \`creel policy lint ${file}\` shows warnings as well.`,
      },
    );
  }
  return { policy, yaml };
}
