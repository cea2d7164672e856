import { type Case, type Contender, GROUPS, type Result } from "./model.ts";

const SIGNS = { held: "held", open: "OPEN", none: "·" } as const;
const ID_WIDTH = 34;
const COLUMN = 12;

export interface Column {
  contender: Contender;
  /** Null where it could not be run; `missing` says why. */
  results: Result[] | null;
  missing: string | null;
}

/** What makes the suite fail: an attack of ours that got through, or a known hole that closed without anybody saying so. */
export function failures(results: readonly Result[]): Result[] {
  return results.filter(({ test, verdict }) => (test.open === null ? verdict !== "held" : verdict === "held"));
}

const cell = (text: string): string => text.padStart(COLUMN);

function counts(results: readonly Result[]): string {
  const of = (verdict: Result["verdict"]) => results.filter((result) => result.verdict === verdict).length;
  const asked = of("held") + of("open");
  return asked === 0 ? "·" : `${of("held")}/${asked}`;
}

/** All contenders side by side: a line a case, then held of asked, a line a group. */
export function table(columns: readonly Column[], cases: readonly Case[]): string {
  const lines: string[] = [];
  for (const { contender, missing } of columns)
    lines.push(`${contender.name.padEnd(COLUMN)} ${missing ?? contender.configuration}`);
  const head = `${"".padEnd(ID_WIDTH)}${columns.map(({ contender }) => cell(contender.name)).join("")}`;
  lines.push("", head);
  const resultOf = (column: Column, test: Case) => column.results?.find((result) => result.test.id === test.id);
  for (const test of cases) {
    const row = columns.map((column) => {
      const result = resultOf(column, test);
      return cell(result === undefined ? "not run" : SIGNS[result.verdict]);
    });
    lines.push(
      `${test.id.padEnd(ID_WIDTH)}${row.join("")}  ${test.title}${test.open === null ? "" : ` [open: ${test.open}]`}`,
    );
  }
  lines.push("", `held of asked${head.slice("held of asked".length)}`);
  for (const group of [...GROUPS, null]) {
    const row = columns.map(({ results }) =>
      cell(counts((results ?? []).filter(({ test }) => group === null || test.group === group))),
    );
    lines.push(`${(group ?? "all").padEnd(ID_WIDTH)}${row.join("")}`);
  }
  lines.push(
    "",
    "·  the contender promises no such thing, or the case needs several of its sandboxes: not held against it.",
  );
  return `${lines.join("\n")}\n`;
}

export const asJson = (columns: readonly Column[]) => ({
  contenders: columns.map(({ contender, results, missing }) => ({
    name: contender.name,
    configuration: contender.configuration,
    promises: [...contender.promises],
    missing,
    cases: (results ?? []).map(({ test, verdict, why, ms }) => ({
      ...{ id: test.id, group: test.group, title: test.title, promise: test.promise },
      ...{ expectation: test.expect.says, open: test.open, verdict, why, ms: Math.round(ms) },
    })),
  })),
});
