/** What a run reached and what it was denied, on one screen, for whoever started it; the same as data under `--json`. */
import type { Paint } from "../../io.ts";
import { counted } from "../../policy/view/table.ts";
import { allowLines, nextSteps } from "./allow-lines.ts";
import { refusedLines } from "./denied-lines.ts";
import { duration } from "./ending.ts";
import { reachedLines, unreachedLines } from "./place-lines.ts";
import { repositoryLines } from "./repository-lines.ts";
import type { RunSummary } from "./run-summary.ts";
import { part } from "./sentence.ts";

/** Nothing to tell: the command reached nothing, was denied nothing, made no repository and ended by itself. */
export const isUneventful = ({ totals, ending, limitsMet, repository }: RunSummary): boolean =>
  ending === null &&
  limitsMet.length === 0 &&
  repository === null &&
  totals.allowed + totals.denied + totals.wouldDeny === 0;

export function summaryLines(summary: RunSummary, paint: Paint): string[] {
  const { totals } = summary;
  const lines = [paint("bold", `creel: ${headline(summary)}`)];
  for (const words of summary.limitsMet) lines.push(paint("yellow", `  ${part(words)}`));
  if (summary.reached.length > 0) lines.push("", ...reachedLines(summary.reached, paint));
  if (summary.unreached.length > 0) lines.push("", ...unreachedLines(summary, paint));
  if (summary.refused.length > 0) lines.push(...refusedLines(summary, paint));
  if (totals.unlisted > 0) lines.push(`  … and ${counted(totals.unlisted, "decision")} beyond what is kept here`);
  lines.push(...allowLines(summary, paint), ...nextSteps(summary), ...repositoryLines(summary, paint));
  return lines;
}

function headline({ exitCode, seconds, ending, totals }: RunSummary): string {
  const words = [
    ending === null
      ? `exit code ${exitCode} after ${duration(Math.max(1, seconds))}`
      : `${ending.sentence} (exit code ${exitCode})`,
    `${totals.allowed} allowed${totals.unreached > 0 ? ` (${totals.unreached} not reached)` : ""}`,
    `${totals.denied} denied`,
  ];
  if (totals.wouldDeny > 0) words.push(`${totals.wouldDeny} would have been denied`);
  return words.join(" · ");
}
