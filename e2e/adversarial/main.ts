/**
 * `npm run adversarial [-- --peers] [--json] [--only ID-PREFIX,…] [--show] [--report FILE]
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
import type { Contender, Result, Seen } from "./model.ts";
import { asJson, type Column, failures, table } from "./report.ts";
import { openStage, type Stage } from "./stage.ts";
import { current } from "./under-attack.ts";

async function main(words: string[], path: string): Promise<number> {
  if (words.includes("--write-docs")) {
    writeDocs(allCases());
    return 0;
  }
  const undocumented = docsProblems(allCases());
  const json = words.includes("--json");
  const only = words[words.indexOf("--only") + 1]?.split(",") ?? [];
  const cases = allCases().filter(
    ({ id }) => !words.includes("--only") || only.some((prefix) => id.startsWith(prefix)),
  );
  if (cases.length === 0) {
    process.stderr.write(`adversarial: no case begins with ${only.join(" or ")}\n`);
    return 2;
  }
  const stage = await openStage(cases);
  stage.secrets.push(`sk-live-${randomBytes(16).toString("hex")}`, `key-live-${randomBytes(16).toString("hex")}`);
  const told = (result: Result, seen: Seen | null) => {
    if (words.includes("--show") && seen !== null)
      process.stdout.write(
        `\n${result.test.id} ${result.verdict} ${Math.round(result.ms)} ms, exit ${seen.code}\n${seen.out}\nhits ${JSON.stringify(seen.hits)}\n${seen.records.map((record) => JSON.stringify(record)).join("\n")}\n`,
      );
    if (!json && result.verdict === "open")
      process.stdout.write(
        `  ${result.test.open === null ? "OPEN" : "open"} ${result.test.id}: ${result.test.title}\n       ${result.why}\n`,
      );
  };
  try {
    const ours = creel();
    current.set(ours, stage);
    const columns = [await columnOf(ours, stage, told)];
    if (words.includes("--peers"))
      for (const peer of [bwrap(path), srt(path), unconfined()]) columns.push(await columnOf(peer, stage, () => {}));
    const bad = failures(columns[0]?.results ?? []);
    for (const problem of undocumented)
      process.stderr.write(
        `✗ docs/threat-model.md: ${problem}. \`npm run adversarial -- --write-docs\` writes the lists.\n`,
      );
    const totals = { passed: cases.length - bad.length, failed: bad.length + undocumented.length };
    const report = words.indexOf("--report");
    const file = report === -1 ? undefined : words[report + 1];
    if (file !== undefined) writeFileSync(file, JSON.stringify({ ...totals, ...asJson(columns) }));
    if (json) process.stdout.write(`${JSON.stringify({ ...totals, ...asJson(columns) })}\n`);
    else {
      if (words.includes("--peers")) process.stdout.write(`\n${table(columns, cases)}`);
      process.stdout.write(`\n${totals.passed} passed, ${totals.failed} failed\n`);
      for (const { test, why } of bad) process.stdout.write(`  ✗ ${test.id} (${test.promise}): ${why}\n`);
    }
    return bad.length === 0 && undocumented.length === 0 ? 0 : 1;
  } finally {
    await stage.close();
  }

  async function columnOf(
    contender: Contender,
    at: Stage,
    onResult: (result: Result, seen: Seen | null) => void,
  ): Promise<Column> {
    const missing = contender.missing();
    if (missing !== null) return { contender, missing, results: null };
    if (!json) process.stdout.write(`\n── ${contender.name}: ${contender.configuration}\n`);
    try {
      return { contender, missing: null, results: await runBattery(contender, at, cases, onResult) };
    } catch (error) {
      if (contender.name === "creel") throw error;
      return {
        contender,
        missing: `could not be run: ${error instanceof Error ? error.message : String(error)}`,
        results: null,
      };
    }
  }
}

process.exit(await main(process.argv.slice(2), searchPath()));
