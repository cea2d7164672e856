/** The summary's lines about what would allow what was denied, and what to do next. */
import { existsSync } from "node:fs";
import { type Paint, printable } from "../../io.ts";
import { counted } from "../../policy/view/table.ts";
import { shellWord } from "../../shell-word.ts";
import type { RunSummary } from "./run-summary.ts";
import { part, plainTarget } from "./sentence.ts";

/** One screen: what is longer is counted, and the command prints it. */
const YAML_LINES_SHOWN_MAX = 40;
const LEFT_SHOWN_MAX = 4;
/** How the decision itself ends where no rule could help; it need not be said twice. */
const CLOSED = "which no policy can open.";

export function allowLines({ allowing, refused, policyFile, keptAs, commandName }: RunSummary, paint: Paint): string[] {
  if (allowing === null) return [];
  const lines: string[] = [];
  if (allowing.lines.length > 0) {
    const file = policyFile ?? freeName();
    // A path that is masked or cut would be another one when it is pasted.
    const pasted = keptAs !== null && part(file) === file;
    if (pasted) {
      const command = `${commandName} policy allow ${keptAs} --policy ${shellWord(file)}`;
      lines.push("", paint("bold", "To allow this:"), `  ${paint("cyan", command)}`);
      const then =
        policyFile === null ? `makes ${part(file)}, for the next run's --policy` : "adds to what stands there";
      lines.push("", paint("bold", `It ${then}:`));
    } else {
      const where = policyFile === null ? `save this as ${file} and give it with --policy` : `merge into ${part(file)}`;
      lines.push("", paint("bold", `To allow this, ${where}:`));
    }
    const shown = allowing.lines.slice(0, YAML_LINES_SHOWN_MAX);
    for (const { text, isNew } of shown) lines.push(`  ${paint(isNew ? "cyan" : "dim", printable(text))}`);
    const rest = allowing.lines.length - shown.length;
    if (rest > 0) lines.push(`  … and ${counted(rest, "further line")}${pasted ? ", which the command prints" : ""}`);
  }
  const closed = new Set(refused.filter(({ reason }) => reason.endsWith(CLOSED)).map(plainTarget));
  const left = allowing.refused.filter(({ target }) => !closed.has(target));
  if (left.length > 0) {
    lines.push("", "No rule is offered for:");
    for (const { target, reason } of left.slice(0, LEFT_SHOWN_MAX))
      lines.push(`  ${part(target)}: ${paint("dim", part(reason))}`);
    const rest = left.length - LEFT_SHOWN_MAX;
    if (rest > 0) lines.push(`  … and ${counted(rest, "further kind")} of requests`);
  }
  return lines;
}

/** A policy that lies here is not used unasked, nor added to unasked. */
const freeName = (): string => POLICY_NAMES.find((name) => !existsSync(name)) ?? "my-policy.yaml";
const POLICY_NAMES = ["policy.yaml", "creel-policy.yaml", "run-policy.yaml"];

/** What to do after reading, as lines to be pasted. */
export function nextSteps({ policyFile, decisionsFile, refused, monitor, commandName }: RunSummary): string[] {
  if (refused.length === 0) return [];
  const base = policyFile === null ? "" : ` --base ${part(shellWord(policyFile))}`;
  if (monitor)
    return [
      "",
      decisionsFile === null
        ? `Run it again with --decisions decisions.jsonl, then: ${commandName} policy suggest decisions.jsonl`
        : `The least policy for all of it: ${commandName} policy suggest ${part(shellWord(decisionsFile))}${base}`,
    ];
  if (policyFile === null)
    return ["", `See it all first, denying nothing: ${commandName} run --monitor --decisions decisions.jsonl -- …`];
  return ["", `Check it: ${commandName} policy lint ${part(shellWord(policyFile))}`];
}
