import { parsePolicy, policyDigest } from "@creel/policy";
import { EXIT, type ExitCode } from "../exit.ts";
import { type Io, jsonLine, line, painter } from "../io.ts";
import { describeProblem, readPolicyText } from "./load.ts";

/** Shows every error and warning of the files, and the digest of each that is valid. */
export function lintPolicies(files: string[], options: { json: boolean }, io: Io): ExitCode {
  const paint = painter(io.colour);
  let failed = false;
  const results = files.map((file) => {
    const { policy, problems } = parsePolicy(readPolicyText(file), { file });
    const ok = policy !== null && !problems.some((problem) => problem.severity === "error");
    failed ||= !ok;
    return { file, ok, digest: ok && policy !== null ? policyDigest(policy) : null, problems };
  });
  if (options.json) {
    io.out(jsonLine(files.length === 1 ? results[0] : { files: results }));
    return failed ? EXIT.failed : EXIT.done;
  }
  for (const { file, ok, digest, problems } of results) {
    for (const problem of problems) io.out(line(describeProblem(file, problem)));
    const warnings = problems.filter((problem) => problem.severity === "warning").length;
    const errors = problems.length - warnings;
    const summary = ok
      ? `valid, ${warnings} warning(s), ${digest}`
      : `not valid: ${errors} error(s), ${warnings} warning(s)`;
    io.out(line(`${paint(ok ? "green" : "red", ok ? "✓" : "✗")} ${file}: ${summary}`));
  }
  return failed ? EXIT.failed : EXIT.done;
}
