import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import type { Policy, PolicyProblem } from "@creel/policy";
import { POLICY_BYTES_MAX, parsePolicy } from "@creel/policy/ahead";
import { CliError, EXIT, usageError } from "../exit.ts";
import type { Io } from "../io.ts";
import { fileReason } from "./file-reason.ts";
import { fieldBeside } from "./view/problems.ts";
import { counted } from "./view/table.ts";

const STDIN = "-";

/** Reads a policy file as text, byte for byte: a byte-order mark stays, and what is not UTF-8 is refused rather than replaced. */
function readPolicyText(file: string): string {
  let bytes: Buffer;
  try {
    const descriptor = openSync(file, "r");
    try {
      if (fstatSync(descriptor).size > POLICY_BYTES_MAX) throw tooLarge(file);
      bytes = readFileSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (error instanceof CliError) throw error;
    const { reason, remedy } = fileReason(error, "policy file (YAML)");
    throw usageError(`the policy could not be read: ${reason}`, remedy, file);
  }
  return textOf(bytes, file);
}

/** As `readPolicyText`; `-` is standard input. */
export async function readPolicyInput(file: string, io: Io): Promise<string> {
  if (file !== STDIN) return readPolicyText(file);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of io.stdin) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > POLICY_BYTES_MAX) throw tooLarge(file);
    chunks.push(bytes);
  }
  return textOf(Buffer.concat(chunks), file);
}

/** What a file is called in what people read. */
export const fileTitle = (file: string): string => (file === STDIN ? "<stdin>" : file);

function textOf(bytes: Buffer, file: string): string {
  if (bytes.length > POLICY_BYTES_MAX) throw tooLarge(file);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw usageError("the policy is not UTF-8 text", "Save it as UTF-8.", fileTitle(file));
  }
}

const tooLarge = (file: string): CliError =>
  usageError("the policy is larger than 4 MiB", "Split it, or check that this is the right file.", fileTitle(file));

function describeProblem(file: string, problem: PolicyProblem): string[] {
  const { place, severity, message, remedy } = problem;
  const field = fieldBeside(problem);
  const beside = field === "" ? "" : ` (${field})`;
  return [`${file}:${place.line}:${place.column}: ${severity}: ${message}${beside}`, `    ${remedy}`];
}

/** A text that must be a valid policy to go on. */
export function validPolicy(file: string, yaml: string): Policy {
  const { policy, problems } = parsePolicy(yaml, { file });
  const errors = problems.filter((problem) => problem.severity === "error");
  if (policy !== null && errors.length === 0) return policy;
  throw new CliError(`the policy is not valid: ${counted(errors.length, "error")}`, {
    exitCode: EXIT.usage,
    place: fileTitle(file),
    details: errors.flatMap((problem) => describeProblem(fileTitle(file), problem)),
    problems,
    remedy: `Correct it; \`creel policy lint ${file}\` shows warnings as well.`,
  });
}

/** A policy file that must be valid to go on; never standard input, which is somebody else's or could not be written back. */
export function loadPolicy(file: string): { policy: Policy; yaml: string } {
  if (file === STDIN)
    throw usageError("this command needs a policy file, not standard input", "Save the policy and name its file.", "-");
  const yaml = readPolicyText(file);
  return { policy: validPolicy(file, yaml), yaml };
}
