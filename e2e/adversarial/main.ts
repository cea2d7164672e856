/**
 * `npm run adversarial [-- --peers] [--json] [--only ID-PREFIX,…] [--show] [--report FILE] [--lanes N]
 * [--write-docs]`: every attack against a real sandbox, and with `--peers` the same
 * against bwrap, srt and nothing at all. Exit code 1 when an attack of ours gets through.
 */
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { runBattery } from "./battery.ts";
import { allCases } from "./cases/index.ts";
import { creel } from "./contenders/creel.ts";
import { bwrap, srt, unconfined } from "./contenders/peers.ts";
import { docsProblems, writeDocs } from "./docs.ts";
import { searchPath } from "./env.ts";
import { lanesFor, runLanes, shareOf } from "./lanes.ts";
import type { Case, Contender, Result, Seen } from "./model.ts";
import { type ContenderTold, caseTable, failures, groupTable, type Told, tell } from "./report.ts";
import { openStage, type Stage } from "./stage.ts";
import { current } from "./under-attack.ts";

/** The word behind a flag. */
function wordAfter(words: readonly string[], flag: string): string | undefined {
  const at = words.indexOf(flag);
  return at === -1 ? undefined : words[at + 1];
}

async function main(words: string[], path: string): Promise<number> {
  if (words.includes("--write-docs")) {
    writeDocs(allCases());
    return 0;
  }
  const only = wordAfter(words, "--only")?.split(",");
  const cases = allCases().filter(({ id }) => only?.some((prefix) => id.startsWith(prefix)) ?? true);
  if (cases.length === 0) {
    process.stderr.write(`adversarial: no case begins with ${only?.join(" or ")}\n`);
    return 2;
  }
  const lane = /^(\d+)\/(\d+)$/.exec(wordAfter(words, "--lane") ?? "");
  if (lane !== null) {
    const told = await runHere(words, {
      path,
      cases: shareOf(cases, { index: Number(lane[1]), count: Number(lane[2]) }),
    });
    writeFileSync(wordAfter(words, "--report") ?? "", JSON.stringify(told));
    return 0;
  }
  const count = Number(wordAfter(words, "--lanes") ?? lanesFor(cases));
  const told = count > 1 ? await runLanes(words, count) : await runHere(words, { path, cases });
  if (told === null) {
    process.stderr.write("adversarial: a part of the run ended without a report\n");
    return 1;
  }
  return concluded(words, { told, cases });
}

/** Tells the outcome; the exit code. */
function concluded(words: readonly string[], { told, cases }: { told: Told; cases: readonly Case[] }): number {
  const ours = told.contenders[0]?.cases ?? [];
  const bad = failures(ours);
  const unheard = cases.length - ours.length;
  const undocumented = docsProblems(allCases());
  const totals = { passed: ours.length - bad.length, failed: bad.length + undocumented.length + unheard };
  const gaps = undocumented.map((why) => ({ id: "docs/threat-model.md", why }));
  const report = JSON.stringify({
    ...totals,
    failures: [...bad.map(({ id, why }) => ({ id, why })), ...gaps],
    ...told,
  });
  const file = wordAfter(words, "--report");
  if (file !== undefined) writeFileSync(file, report);
  for (const problem of undocumented)
    process.stderr.write(
      `✗ docs/threat-model.md: ${problem}. \`npm run adversarial -- --write-docs\` writes the lists.\n`,
    );
  if (words.includes("--json")) process.stdout.write(`${report}\n`);
  else {
    if (words.includes("--peers")) process.stdout.write(`\n${caseTable(told, cases)}\n${groupTable(told)}`);
    process.stdout.write(`\n${totals.passed} passed, ${totals.failed} failed\n`);
    for (const { id, promise, why } of bad) process.stdout.write(`  ✗ ${id} (${promise}): ${why}\n`);
  }
  return totals.failed === 0 ? 0 : 1;
}

/** All of it in this process, one case after the other. */
async function runHere(
  words: readonly string[],
  { path, cases }: { path: string; cases: readonly Case[] },
): Promise<Told> {
  const stage = await openStage(cases);
  stage.secrets.push(
    `sk-live-${randomBytes(16).toString("hex")}`,
    `key-live-${randomBytes(16).toString("hex")}`,
    `aws-live-${randomBytes(16).toString("hex")}`,
  );
  const ours = creel();
  current.set(ours, stage);
  const onResult = (result: Result, seen: Seen | null) => tellResult(words, result, seen);
  try {
    const contenders = [await outcomeOf(ours, { stage, cases, onResult })];
    if (words.includes("--peers"))
      for (const peer of [bwrap(path), srt(path), unconfined()])
        contenders.push(await outcomeOf(peer, { stage, cases, onResult: () => {} }));
    return { contenders };
  } finally {
    await stage.close();
  }
}

function tellResult(words: readonly string[], { test, verdict, why, ms }: Result, seen: Seen | null): void {
  if (words.includes("--show") && seen !== null)
    process.stdout.write(
      `\n${test.id} ${verdict} ${Math.round(ms)} ms, exit ${seen.code}\n${seen.out}\nhits ${JSON.stringify(seen.hits)}\n${seen.records.map((record) => JSON.stringify(record)).join("\n")}\n`,
    );
  if (!words.includes("--json") && verdict === "open")
    process.stdout.write(`  ${test.open === null ? "OPEN" : "open"} ${test.id}: ${test.title}\n       ${why}\n`);
}

async function outcomeOf(
  contender: Contender,
  run: { stage: Stage; cases: readonly Case[]; onResult: (result: Result, seen: Seen | null) => void },
): Promise<ContenderTold> {
  const missing = contender.missing();
  if (missing !== null) return tell(contender, { missing, results: [] });
  try {
    return tell(contender, { missing: null, results: await runBattery(contender, run) });
  } catch (error) {
    if (contender.name === "creel") throw error;
    const why = error instanceof Error ? error.message : String(error);
    return tell(contender, { missing: `could not be run: ${why}`, results: [] });
  }
}

process.exit(await main(process.argv.slice(2), searchPath()));
