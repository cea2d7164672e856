/** What came of it all, for people and for programs. */
import { type Case, type Contender, GROUPS, type Group, type Result, type Verdict } from "./model.ts";

const SIGNS = { held: "held", open: "OPEN", none: "·" } as const;
const ID_WIDTH = 34;
const COLUMN = 12;

export interface CaseTold {
  id: string;
  group: Group;
  title: string;
  promise: string;
  expectation: string;
  /** A known hole and why. */
  open: string | null;
  verdict: Verdict;
  why: string;
  ms: number;
}

export interface ContenderTold {
  name: string;
  configuration: string;
  promises: string[];
  /** Why it could not be run, or null. */
  missing: string | null;
  cases: CaseTold[];
}

export interface Told {
  contenders: ContenderTold[];
}

export const tell = (
  contender: Contender,
  outcome: { missing: string | null; results: readonly Result[] },
): ContenderTold => ({
  name: contender.name,
  configuration: contender.configuration,
  promises: [...contender.promises],
  missing: outcome.missing,
  cases: outcome.results.map(({ test, verdict, why, ms }) => ({
    ...{ id: test.id, group: test.group, title: test.title, promise: test.promise },
    ...{ expectation: test.expect.says, open: test.open, verdict, why, ms: Math.round(ms) },
  })),
});

/** What makes the suite fail: an attack of ours that got through, or a known hole that closed without anybody saying so. */
export const failures = (cases: readonly CaseTold[]): CaseTold[] =>
  cases.filter(({ open, verdict }) => (open === null ? verdict !== "held" : verdict === "held"));

const cell = (text: string): string => text.padStart(COLUMN);

function counts(cases: readonly CaseTold[]): string {
  const of = (verdict: Verdict) => cases.filter((one) => one.verdict === verdict).length;
  const asked = of("held") + of("open");
  return asked === 0 ? "·" : `${of("held")}/${asked}`;
}

const LEGEND = `Held of asked, a group a line. An attack counts as held when the witness outside the sandbox saw what it expects.
·  not asked: the contender promises no such thing, or the attack needs what only Creel's suite can give (several sandboxes,
   the creel command). Nothing here is held against a contender that was not asked, and nothing counts for it.
   srt's list of allowed domains is not asked: its proxy looks names up as the host does, and the names of this suite exist only here.
`;

/** Held of asked, a line a group. */
export function groupTable({ contenders }: Told): string {
  const lines = contenders.map(
    ({ name, missing, configuration }) => `${name.padEnd(COLUMN)} ${missing ?? configuration}`,
  );
  lines.push("", `${"".padEnd(ID_WIDTH)}${contenders.map(({ name }) => cell(name)).join("")}`);
  for (const group of [...GROUPS, null])
    lines.push(
      `${(group ?? "all").padEnd(ID_WIDTH)}${contenders
        .map(({ missing, cases }) =>
          cell(missing === null ? counts(cases.filter((one) => group === null || one.group === group)) : "not run"),
        )
        .join("")}`,
    );
  return `${lines.join("\n")}\n\n${LEGEND}`;
}

/** Every case, all contenders side by side. */
export function caseTable({ contenders }: Told, cases: readonly Case[]): string {
  const lines = [`${"".padEnd(ID_WIDTH)}${contenders.map(({ name }) => cell(name)).join("")}`];
  for (const test of cases) {
    const row = contenders.map((contender) => {
      const one = contender.cases.find(({ id }) => id === test.id);
      return cell(one === undefined ? "not run" : SIGNS[one.verdict]);
    });
    lines.push(
      `${test.id.padEnd(ID_WIDTH)}${row.join("")}  ${test.title}${test.open === null ? "" : ` [open: ${test.open}]`}`,
    );
  }
  return `${lines.join("\n")}\n`;
}
