import type { ReplayGroup, ReplayResult } from "@creel/policy";
import { type Paint, printable } from "../../io.ts";
import { type Column, counted, table } from "./table.ts";

const KINDS = [
  { kind: "broken", style: "red", title: "Broken: passed then, denied now" },
  { kind: "opened", style: "yellow", title: "Opened: denied then, passes now" },
  { kind: "uncertain", style: "cyan", title: "Uncertain: the record lacks what this version judges" },
] as const;
const GROUP_COLUMNS: Column[] = [
  { heading: "COUNT", right: true },
  { heading: "SANDBOX" },
  { heading: "PROGRAM" },
  { heading: "REQUEST" },
  { heading: "RULE" },
  { heading: "LAST" },
];
const COUNT_COLUMNS: Column[] = [
  { heading: "BROKEN", right: true },
  { heading: "OPENED", right: true },
  { heading: "UNCERTAIN", right: true },
];

/** What became of the lines of the journals; the rest of `lines` is no request. */
export interface LineCounts {
  lines: number;
  requests: number;
  unreadable: number;
}

/** The counts, then what changed, most frequent first, then by sandbox and by rule. */
export function replayView(result: ReplayResult, counts: LineCounts, groupsMax: number, paint: Paint): string[] {
  const lines = [summary(result, counts, paint)];
  for (const { kind, style, title } of KINDS) {
    const groups = result.groups.filter((group) => group.kind === kind);
    if (groups.length === 0) continue;
    lines.push("", paint(style, title), ...groupTable(groups.slice(0, groupsMax), paint));
    if (groups.length > groupsMax)
      lines.push(
        paint(
          "dim",
          `  … and ${counted(groups.length - groupsMax, "further group")}; --top ${groups.length} shows them`,
        ),
      );
  }
  if (result.ungrouped > 0)
    lines.push(
      "",
      `${counted(result.ungrouped, "request")} more are counted above and fell into no group: too many kinds.`,
    );
  if (result.bySandbox.length > 1)
    lines.push(
      "",
      ...countTable(
        "SANDBOX",
        result.bySandbox.map((row) => [row.sandbox ?? "-", row]),
        groupsMax,
        paint,
      ),
    );
  if (result.byRule.length > 1)
    lines.push(
      "",
      ...countTable(
        "RULE",
        result.byRule.map((row) => [row.rule ?? "(no entry)", row]),
        groupsMax,
        paint,
      ),
    );
  return lines;
}

function summary(result: ReplayResult, { lines, requests, unreadable }: LineCounts, paint: Paint): string {
  const { broken, opened, uncertain, unchanged, skipped } = result;
  const count = (value: number, word: string, style: "red" | "yellow" | "cyan"): string =>
    value === 0 ? `0 ${word}` : paint(style, `${value.toLocaleString("en")} ${word}`);
  const parts = [
    `${unchanged.toLocaleString("en")} decided as before`,
    count(broken, "broken", "red"),
    count(opened, "opened", "yellow"),
    count(uncertain, "uncertain", "cyan"),
  ];
  const asides = [
    ...(skipped === 0 ? [] : [`${skipped.toLocaleString("en")} no request`]),
    ...(unreadable === 0 ? [] : [`${unreadable.toLocaleString("en")} unreadable`]),
  ];
  const aside = asides.length === 0 ? "" : ` (of ${counted(lines, "line")}: ${asides.join(", ")})`;
  return `${counted(requests, "request")}: ${parts.join(", ")}${aside}`;
}

function groupTable(groups: readonly ReplayGroup[], paint: Paint): string[] {
  const rows = groups.map((group) => [
    group.count.toLocaleString("en"),
    group.sandbox ?? "-",
    group.binary === "" ? "(nobody vouched)" : group.binary,
    `${group.method === null ? "" : `${group.method} `}${group.host}:${group.port}${group.path ?? ""}`,
    group.ruleBefore === group.ruleAfter
      ? (group.ruleAfter ?? "-")
      : `${group.ruleBefore ?? "-"} → ${group.ruleAfter ?? "-"}`,
    group.lastTime,
  ]);
  const [heading = "", ...body] = table(GROUP_COLUMNS, rows, paint);
  const reason = (index: number): string[] => {
    const text = groups[index]?.reason ?? "";
    return text === "" ? [] : [paint("dim", `          ${printable(text)}`)];
  };
  return [heading, ...body.flatMap((row, index) => [row, ...reason(index)])].map((text) => `  ${text}`);
}

function countTable(
  heading: string,
  rows: readonly [string, { broken: number; opened: number; uncertain: number }][],
  rowsMax: number,
  paint: Paint,
): string[] {
  const cells = rows
    .slice(0, rowsMax)
    .map(([name, row]) => [
      name,
      ...[row.broken, row.opened, row.uncertain].map((value) => value.toLocaleString("en")),
    ]);
  return table([{ heading }, ...COUNT_COLUMNS], cells, paint).map((text) => `  ${text}`);
}
