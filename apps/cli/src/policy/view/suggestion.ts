import type { Suggestion } from "@creel/policy";
import { type Paint, printable } from "../../io.ts";
import { counted, table } from "./table.ts";

/** Refusals shown one by one; `--json` has more. */
const REFUSALS_SHOWN_MAX = 20;

/** What a reviewer should know of a suggestion: what it covers, what to look at, what it leaves denied on purpose. */
export function suggestionNotes(suggestion: Suggestion, written: string | null, paint: Paint): string[] {
  const { entries, covered, alreadyAllowed, notes, refused } = suggestion;
  const lines = [
    `${counted(entries, "entry", "entries")} suggested for ${counted(covered, "request")}; ${counted(alreadyAllowed, "request was", "requests were")} allowed already.`,
  ];
  for (const { entry, sentence } of notes) lines.push(`  ${paint("cyan", printable(entry))}: ${printable(sentence)}`);
  if (refused.length > 0) lines.push("", paint("yellow", "Left denied on purpose:"), ...refusals(suggestion, paint));
  lines.push(
    "",
    written === null
      ? "Read it before it is used: a suggestion says what happened, not what should happen."
      : `Written to ${written}. Read it before it is used: a suggestion says what happened, not what should happen.`,
  );
  return lines;
}

function refusals({ refused, refusedUnlisted }: Suggestion, paint: Paint): string[] {
  const shown = refused.slice(0, REFUSALS_SHOWN_MAX);
  const rows = shown.map(({ count, binary, host, port, method, path, reason }) => [
    count.toLocaleString("en"),
    binary === "" ? "(nobody vouched)" : binary,
    `${method === null ? "" : `${method} `}${host}:${port}${path ?? ""}`,
    reason,
  ]);
  const [heading = "", ...body] = table(
    [{ heading: "COUNT", right: true }, { heading: "PROGRAM" }, { heading: "REQUEST" }],
    rows.map((row) => row.slice(0, 3)),
    paint,
  );
  const lines = [heading, ...body.flatMap((row, i) => [row, paint("dim", `       ${printable(rows[i]?.[3] ?? "")}`)])];
  const kinds = refused.length - shown.length;
  if (kinds > 0) lines.push(`… and ${counted(kinds, "further kind")} of requests; --json lists them`);
  if (refusedUnlisted > 0) lines.push(`… and ${counted(refusedUnlisted, "request")} beyond the list`);
  return lines.map((text) => `  ${text}`);
}
