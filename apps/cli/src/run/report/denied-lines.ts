/** The summary's lines about what was denied, and apart from it what only would have been. */
import type { SandboxLimits } from "@creel/policy";
import type { Paint } from "../../io.ts";
import { counted } from "../../policy/view/table.ts";
import { limitOfDenial } from "./limit-met.ts";
import type { RunSummary } from "./run-summary.ts";
import { part, targetOf } from "./sentence.ts";
import type { Refusal } from "./tally.ts";

/** One screen: what is longer is counted, and `--decisions` has it all. */
const REFUSALS_SHOWN_MAX = 8;

export function refusedLines({ refused, limits }: Pick<RunSummary, "refused" | "limits">, paint: Paint): string[] {
  const denied = refused.filter(({ decision }) => decision === "deny");
  const watched = refused.filter(({ decision }) => decision === "would_deny");
  return [
    ...(denied.length === 0 ? [] : ["", paint("red", "Denied:"), ...kindsOf(denied, limits, paint)]),
    ...(watched.length === 0
      ? []
      : ["", paint("yellow", "Would be denied without monitor mode:"), ...kindsOf(watched, limits, paint)]),
  ];
}

function kindsOf(refused: readonly Refusal[], limits: SandboxLimits | undefined, paint: Paint): string[] {
  const shown = refused.slice(0, REFUSALS_SHOWN_MAX);
  const lines = shown.flatMap((refusal) => {
    const times = refusal.count > 1 ? ` ×${refusal.count}` : "";
    const who = refusal.program === null ? "" : ` for ${part(refusal.program)}`;
    const field = limitOfDenial(refusal, limits);
    const by = refusal.rule === null ? "" : ` [${part(refusal.rule)}]`;
    return [
      `  ${targetOf(refusal)}${who}${times}`,
      paint("dim", `    ${part(refusal.reason)}${by}${field === null ? "" : ` → ${part(field)}`}`),
    ];
  });
  if (refused.length > shown.length)
    lines.push(`  … and ${counted(refused.length - shown.length, "further kind")} of requests`);
  return lines;
}
