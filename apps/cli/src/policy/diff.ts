import { diffPolicies, isGraver, type RiskGrade } from "@creel/policy";
import { EXIT, type ExitCode, usageError } from "../exit.ts";
import { type Io, jsonLine, line, painter } from "../io.ts";
import { announced } from "./announce.ts";
import { fileTitle, readPolicyInput, validPolicy } from "./load.ts";
import { diffView } from "./view/diff.ts";

export interface DiffFlags {
  json: boolean;
  /** Changes of this grade or graver need somebody's approval: exit code 4. */
  failOn: RiskGrade | null;
}

/** What the second version allows and denies that the first did not. */
export async function diffFiles(before: string, after: string, flags: DiffFlags, io: Io): Promise<ExitCode> {
  if (before === "-" && after === "-")
    throw usageError("standard input holds one policy, not two", "Name a file for one of them.", "-");
  const policies = [];
  for (const file of [before, after]) policies.push(validPolicy(fileTitle(file), await readPolicyInput(file, io)));
  const [old, changed] = policies;
  if (old === undefined || changed === undefined) throw new Error("two files make two policies");
  const diff = announced(io, "Comparing", () => diffPolicies(old, changed, { nowMs: Date.now() }));
  if (flags.json) io.out(jsonLine(diff));
  else for (const text of diffView(diff, painter(io.colour))) io.out(line(text));
  const changes = diff.requests.length + diff.settings.length;
  return flags.failOn !== null && changes > 0 && !isGraver(flags.failOn, diff.risk) ? EXIT.needsApproval : EXIT.done;
}
