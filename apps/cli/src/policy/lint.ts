import { lintPolicy, type PolicyProblem, parsePolicy, policyDigest } from "@creel/policy";
import { CliError, EXIT, type ExitCode } from "../exit.ts";
import { type Io, jsonLine, line, type Paint, painter } from "../io.ts";
import { announced } from "./announce.ts";
import { fileTitle, readPolicyInput } from "./load.ts";
import { linesOf } from "./view/excerpt.ts";
import { problemView } from "./view/problems.ts";
import { counted } from "./view/table.ts";
import { wrap } from "./view/wrap.ts";

/** Behind the mark. */
const SUMMARY_INDENT = 2;

interface LintResult {
  file: string;
  ok: boolean;
  /** Null unless the file is valid and its own tests pass. */
  digest: string | null;
  problems: PolicyProblem[];
}

/** Beside the codes of the policy package: what is no policy's fault, and of no place in it. */
const UNREADABLE_CODE = "unreadable_file";

/** Shows every error and warning of the files, and the digest of each that is valid. One that cannot be read does not hide the others. */
export async function lintPolicies(
  files: string[],
  options: { json: boolean; strict: boolean },
  io: Io,
): Promise<ExitCode> {
  const results: LintResult[] = [];
  for (const file of files) {
    const text = await textOrError(file, io);
    if (text instanceof CliError) results.push(unreadable(file, text, options.json, io));
    else results.push(lintText(file, text, options, io));
  }
  if (options.json) io.out(jsonLine(results.length === 1 ? results[0] : { files: results }));
  if (results.some(({ problems }) => problems[0]?.code === UNREADABLE_CODE)) return EXIT.usage;
  return results.every((result) => passes(result, options.strict)) ? EXIT.done : EXIT.failed;
}

async function textOrError(file: string, io: Io): Promise<string | CliError> {
  try {
    return await readPolicyInput(file, io);
  } catch (error) {
    if (error instanceof CliError) return error;
    throw error;
  }
}

function unreadable(file: string, { message, remedy }: CliError, json: boolean, io: Io): LintResult {
  if (!json) {
    io.err(line(`creel: ${fileTitle(file)}: ${message}`));
    if (remedy !== null) io.err(line(`       ${remedy}`));
  }
  const problem: PolicyProblem = {
    code: UNREADABLE_CODE,
    severity: "error",
    place: { line: 1, column: 1, field: "" },
    message,
    remedy: remedy ?? "",
  };
  return { file, ok: false, digest: null, problems: [problem] };
}

function lintText(file: string, yaml: string, options: { json: boolean; strict: boolean }, io: Io): LintResult {
  const problems = announced(io, `Reading ${fileTitle(file)}`, () => lintPolicy(yaml, Date.now()));
  const { policy } = parsePolicy(yaml, { file });
  const ok = policy !== null && !problems.some((problem) => problem.severity === "error");
  const result = { file, ok, digest: ok && policy !== null ? policyDigest(policy) : null, problems };
  if (options.json) return result;
  const paint = painter(io.colour);
  const view = { title: fileTitle(file), lines: linesOf(yaml), columns: io.columns ?? null };
  for (const problem of problems) for (const text of problemView(view, problem, paint)) io.out(line(text));
  const told = summary(result, options.strict, paint);
  for (const text of wrap(told, { columns: view.columns, indent: SUMMARY_INDENT })) io.out(line(text));
  return result;
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
