import { createReplay, diffPolicies, parseRecordLine } from "@creel/policy";
import { creelSubject, readRules } from "./creel.ts";
import { figuresOf, once } from "./measure.ts";
import { type Rule, requestsFor, shapes } from "./rules.ts";
import type { Claim, Row, Table } from "./table.ts";

const DIFF_SIZES = [10, 100, 1_000, 10_000];
/** One rule in so many is changed between the versions, and at least one. */
const CHANGED_OF = 100;
const DIFF_RUNS = 3;
const RECORDS = 100_000;
const RECORDS_PER_SECOND_MIN = 100_000;

/** Whole-file tools: comparing two versions, and judging a journal by another version. */
export function toolTables(): { tables: Table[]; claims: Claim[] } {
  const [ownHosts] = shapes;
  if (ownHosts === undefined) return { tables: [], claims: [] };
  const replayed = replay(ownHosts.rules(1_000));
  return {
    tables: [
      {
        title: "Comparing two versions that differ in one rule of a hundred",
        unit: "ms",
        rows: diffRows(ownHosts.rules),
      },
      replayed.table,
    ],
    claims: [replayed.claim],
  };
}

function diffRows(rulesFor: (count: number) => Rule[]): Row[] {
  return DIFF_SIZES.map((size): Row => {
    const rules = rulesFor(size);
    const changed = rules.map((rule, i) => (i % CHANGED_OF === 0 ? { ...rule, path: "/changed/**" } : rule));
    const [before, after] = [readRules(rules).policy, readRules(changed).policy];
    const runs = Array.from({ length: DIFF_RUNS }, () => once(() => diffPolicies(before, after, { nowMs: 0 })));
    const diff = runs[0]?.value;
    return {
      name: `diff, ${size} rules`,
      ...figuresOf(runs.map(({ ms }) => ms)),
      base: null,
      note: `${diff?.requests.length ?? 0} changes, ${diff?.exact === true ? "exact" : "not exact"}`,
    };
  });
}

function replay(rules: readonly Rule[]): { table: Table; claim: Claim } {
  const { compiled } = creelSubject(rules);
  const lines = requestsFor(rules, RECORDS).map(({ program, host, port, method, path }, i) =>
    JSON.stringify({
      time: new Date(Date.UTC(2026, 0, 1) + i).toISOString(),
      sandbox: `agent-${i % 50}`,
      kind: "request",
      binary: { path: program, sha256: null, pid: i, ancestors: [] },
      host,
      port,
      protocol: "rest",
      method,
      // A journal does not hold one path again and again.
      path: `${path}/${i}`,
      decision: "allow",
      rule: "rule0",
      reason: "",
    }),
  );
  const runs = Array.from({ length: DIFF_RUNS }, () =>
    once(() => {
      const run = createReplay({ after: compiled });
      for (const line of lines) {
        const parsed = parseRecordLine(line);
        if (!parsed.ok) throw new Error("The benchmark's own record cannot be read.");
        run.add(parsed.record);
      }
      return run.result();
    }),
  );
  const figures = figuresOf(runs.map(({ ms }) => ms));
  const perSecond = Math.round(RECORDS / (figures.median / 1_000));
  return {
    table: {
      title: `Replaying ${RECORDS} records, each another path, from their lines, by a version of ${rules.length} rules`,
      unit: "ms",
      rows: [{ name: "replay", ...figures, base: null, note: `${perSecond} records a second` }],
    },
    claim: {
      claim: `a journal is replayed at ${RECORDS_PER_SECOND_MIN} records a second`,
      measured: `${perSecond} a second`,
      holds: perSecond >= RECORDS_PER_SECOND_MIN,
    },
  };
}
