import { lintPolicy, type PolicyProblem, parsePolicy, policyDigest } from "@creel/policy";
import { EXIT, type ExitCode } from "../exit.ts";
import { type Io, jsonLine, line, type Paint, painter } from "../io.ts";
import { announced } from "./announce.ts";
import { fileTitle, readPolicyInput } from "./load.ts";
import { linesOf } from "./view/excerpt.ts";
import { problemView } from "./view/problems.ts";
import { counted } from "./view/table.ts";

interface LintResult {
  file: string;
  ok: boolean;
  /** Null unless the file is valid and its own tests pass. */
  digest: string | null;
  problems: PolicyProblem[];
}

/** Shows every error and warning of the files, and the digest of each that is valid. */
export async function lintPolicies(
  files: string[],
  options: { json: boolean; strict: boolean },
  io: Io,
): Promise<ExitCode> {
  const results: LintResult[] = [];
  const paint = painter(io.colour);
  for (const file of files) {
    const yaml = await readPolicyInput(file, io);
    const problems = announced(io, `Reading ${fileTitle(file)}`, () => lintPolicy(yaml, Date.now()));
    const { policy } = parsePolicy(yaml, { file });
    const ok = policy !== null && !problems.some((problem) => problem.severity === "error");
    const result = { file, ok, digest: ok && policy !== null ? policyDigest(policy) : null, problems };
    results.push(result);
    if (options.json) continue;
    const lines = linesOf(yaml);
    for (const problem of problems)
      for (const text of problemView(fileTitle(file), lines, problem, paint)) io.out(line(text));
    io.out(line(summary(result, options.strict, paint)));
  }
  if (options.json) io.out(jsonLine(results.length === 1 ? results[0] : { files: results }));
  return results.every((result) => passes(result, options.strict)) ? EXIT.done : EXIT.failed;
}

const passes = (result: LintResult, strict: boolean): boolean => result.ok && !(strict && result.problems.length > 0);

function summary(result: LintResult, strict: boolean, paint: Paint): string {
  const { ok, digest, problems } = result;
  const warnings = problems.filter((problem) => problem.severity === "warning").length;
  const counts = counted(warnings, "warning");
  const file = fileTitle(result.file);
  if (!ok) return `${paint("red", "✗")} ${file}: not valid: ${counted(problems.length - warnings, "error")}, ${counts}`;
  if (!passes(result, strict)) return `${paint("red", "✗")} ${file}: valid, but ${counts} under --strict, ${digest}`;
  return `${paint("green", "✓")} ${file}: valid, ${counts}, ${digest}`;
}
