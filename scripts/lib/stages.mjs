import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { run } from "./child.mjs";
import { checkDocRefs } from "./doc-refs.mjs";
import { StepFailure } from "./failure.mjs";
import { checkLayers } from "./layers.mjs";
import { adversarialOutcome, failureLines, outcomeOf, playwrightOutcome, vitestOutcome } from "./outcome.mjs";
import { prepare } from "./prepare.mjs";
import { root } from "./root.mjs";

const RESULTS = join(root, "test-results");
/** Each works through a turn in a sandbox; together about 3 GB of packages, fetched once. */
const agents = () =>
  readdirSync(join(root, "agents"), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? [entry.name] : [],
  );
const bin = (name) => join(root, "node_modules/.bin", name);

/** Runs a tool with its output going straight to the terminal; one pass or one failure. */
async function tool(command, args, options = {}) {
  const { code } = await run(command, args, { cwd: root, inherit: true, ...options });
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

async function vitest() {
  const file = join(RESULTS, "vitest.json");
  const args = ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  const { code } = await run(bin("vitest"), args, { cwd: root, inherit: true });
  return outcomeOf(file, { code, read: vitestOutcome });
}

async function playwright() {
  const file = join(RESULTS, "playwright.json");
  const env = { ...process.env, PLAYWRIGHT_JSON_OUTPUT_NAME: file };
  const args = ["test", "--config", "e2e/playwright.config.ts", "--reporter=list,json"];
  const { code } = await run(bin("playwright"), args, { cwd: root, inherit: true, env });
  return outcomeOf(file, { code, read: playwrightOutcome });
}

/** Attacks on a real sandbox, ours alone; `npm run adversarial -- --peers` tries the others too. */
async function adversarial() {
  const file = join(RESULTS, "adversarial.json");
  const { code } = await run(bin("tsx"), ["e2e/adversarial/main.ts", "--report", file], { cwd: root, inherit: true });
  return outcomeOf(file, { code, read: adversarialOutcome });
}

const stages = [
  ["types", async () => sum(await Promise.all([tool(bin("tsc"), ["--noEmit", "-p", "tsconfig.json"]), webTypes()]))],
  ["lint", () => tool(bin("biome"), ["check", "--error-on-warnings", "."])],
  ["layers", () => checkLayers(tool)],
  ["docs", checkDocRefs],
  ["unit", vitest],
  ["adversarial", adversarial],
  ["e2e", playwright],
];

/** `next build` has checked the pages already; this says so in its own line and catches tests beside them. */
const webTypes = () =>
  existsSync(join(root, "apps/web/tsconfig.json"))
    ? tool(bin("tsc"), ["--noEmit", "-p", "apps/web/tsconfig.json"])
    : { passed: 0, failed: 0 };

const sum = (all) => ({
  passed: all.reduce((total, { passed }) => total + passed, 0),
  failed: all.reduce((total, { failed }) => total + failed, 0),
});

/** @param {string[]} only names of stages; none means all */
export async function runStages(only) {
  const unknown = only.filter((name) => !stages.some(([known]) => known === name));
  if (unknown.length > 0) {
    throw new StepFailure({
      step: "npm test",
      reason: `there is no stage named ${unknown.join(", ")}`,
      remedy: `Stages are ${stages.map(([name]) => name).join(", ")}; none named means all.`,
    });
  }
  rmSync(RESULTS, { recursive: true, force: true });
  const chosen = stages.filter(([name]) => only.length === 0 || only.includes(name));
  await prepare({
    agents: chosen.some(([name]) => name === "e2e" || name === "unit") ? agents() : [],
  });
  mkdirSync(RESULTS, { recursive: true });
  const lines = [];
  const totals = [];
  for (const [name, work] of chosen) {
    process.stdout.write(`\n── ${name} ──\n`);
    const began = Date.now();
    const result = await work();
    totals.push(result);
    const seconds = ((Date.now() - began) / 1000).toFixed(1);
    lines.push(
      `${result.failed === 0 ? "✓" : "✗"} ${name.padEnd(11)} ${seconds.padStart(7)} s  ${result.passed} passed, ${result.failed} failed`,
      ...failureLines(result.failures ?? []),
    );
  }
  process.stdout.write(`\n${lines.join("\n")}\n`);
  return sum(totals);
}
