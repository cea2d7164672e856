import { existsSync } from "node:fs";
import { join } from "node:path";
import { installPackages } from "./npm.mjs";
import { root } from "./root.mjs";

/** Everything between a clone and a program that runs. Each part is skipped when it is already done for these sources. */
export async function prepare({ agents = [], force = false } = {}) {
  await installPackages({ title: "Installing npm packages", path: "." });
  // Only now: the build needs esbuild, which has just been installed.
  const { buildAll } = await import("./build-all.mjs");
  await buildAll({ force });
  for (const agent of agents) await installAgent(agent);
}

/** Agents have their own locks, apart from ours: their versions are what a person pins for a sandbox, not for us. */
export async function installAgent(agent) {
  const path = `agents/${agent}`;
  if (!existsSync(join(root, path, "package-lock.json"))) return;
  await installPackages({ title: `Installing the agent ${agent}`, path, scripts: false });
}
