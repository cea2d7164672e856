/** The summary's lines about places that were allowed: reached, and not reached. */
import { type Paint, printable } from "../../io.ts";
import { counted } from "../../policy/view/table.ts";
import type { RunSummary } from "./run-summary.ts";
import { part } from "./sentence.ts";
import type { Place } from "./tally.ts";
import { codeOf, explainUnreached } from "./unreached.ts";

/** One screen: what is longer is counted, and `--decisions` has it all. */
const PLACES_SHOWN_MAX = 8;

export function reachedLines(reached: readonly Place[], paint: Paint): string[] {
  const shown = reached.slice(0, PLACES_SHOWN_MAX);
  const width = Math.max(...shown.map((place) => part(`${place.host}:${place.port}`).length));
  const lines = shown.map((place) => {
    const { host, port, requests, connections, bytesIn, bytesOut, programs } = place;
    const count = requests > 0 ? counted(requests, "request") : counted(connections, "connection");
    const traffic = `${size(bytesOut)} out, ${size(bytesIn)} in`;
    return `  ${part(`${host}:${port}`).padEnd(width)}  ${count}, ${traffic}  ${paint("dim", part(programs.join(", ")))}`;
  });
  if (reached.length > shown.length) lines.push(`  … and ${counted(reached.length - shown.length, "further place")}`);
  return [paint("green", "Reached:"), ...lines];
}

const UNITS = ["B", "KiB", "MiB", "GiB"] as const;
function size(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 10 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

export function unreachedLines(
  { unreached, commandName }: Pick<RunSummary, "unreached" | "commandName">,
  paint: Paint,
): string[] {
  const shown = unreached.slice(0, PLACES_SHOWN_MAX);
  const lines = shown.flatMap((place) => {
    const { what, remedy } = explainUnreached(place, commandName);
    const code = codeOf(place);
    const times = place.count > 1 ? ` ×${place.count}` : "";
    return [
      `  ${part(`${place.host}:${place.port}`)}${times}: ${part(what)}${code === null ? "" : ` (${code})`}`,
      ...(remedy === null ? [] : [paint("dim", `    ${printable(remedy)}`)]),
    ];
  });
  const rest = unreached.length - shown.length;
  if (rest > 0) lines.push(`  … and ${counted(rest, "further place")}`);
  return [paint("yellow", "Allowed, but not reached:"), ...lines];
}
