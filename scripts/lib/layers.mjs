import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./child.mjs";
import { root } from "./root.mjs";

const DEPCRUISE = join(root, "node_modules/.bin/depcruise");
const ARGS = ["--config", ".dependency-cruiser.cjs"];

/** Imports that the arrows of the house forbid, one for each kind of rule: the check must notice every one of them. */
const FORBIDDEN = [
  { rule: "protocol-arrows", from: "packages/protocol/src", text: 'export * from "@creel/policy";' },
  { rule: "router-arrows", from: "packages/router/src", text: 'export * from "@creel/gateway";' },
  { rule: "no-apps-from-packages", from: "packages/db/src", text: 'export * from "../../../apps/cli/src/main.ts";' },
  { rule: "no-app-to-app", from: "apps/hub/src", text: 'export * from "../../cli/src/main.ts";' },
  { rule: "pure-packages-touch-no-world", from: "packages/policy/src", text: 'export * from "node:fs";' },
  { rule: "only-core-and-db-know-the-database", from: "apps/node-agent/src", text: 'export * from "postgres";' },
];
const planted = FORBIDDEN.map(({ from }) => join(from, "planted-violation.ts"));
const removePlanted = () => {
  for (const file of planted) rmSync(join(root, file), { force: true });
};

/** Runs the layer rules over the sources, and then over planted violations, so that a rule that sleeps is found out. */
export async function checkLayers(tool) {
  removePlanted();
  const real = await tool(DEPCRUISE, [...ARGS, "packages", "apps"]);
  // Also when Ctrl-C ends the program here: a planted file left behind would spoil the next build.
  process.once("exit", removePlanted);
  try {
    for (const [index, { text }] of FORBIDDEN.entries()) writeFileSync(join(root, planted[index]), `${text}\n`);
    const { output } = await run(DEPCRUISE, [...ARGS, ...planted], { cwd: root });
    const missed = FORBIDDEN.filter(({ rule }, index) => !output.includes(`${rule}: ${planted[index]}`));
    for (const { rule, from, text } of missed) {
      process.stdout.write(`the rule ${rule} did not notice ${text} in ${from}\n`);
    }
    return { passed: real.passed + FORBIDDEN.length - missed.length, failed: real.failed + missed.length };
  } finally {
    removePlanted();
  }
}
