// `npm start`: from a fresh clone to a running fleet. Before the packages are installed nothing but Node's own modules
// can be imported, and before the version check nothing may need a recent Node.
import { checkPlatform } from "./lib/platform.mjs";

const problem = checkPlatform();
if (problem) {
  process.stderr.write(`creel: ${problem}\n`);
  process.exit(1);
}

const { root } = await import("./lib/root.mjs");
const { prepare } = await import("./lib/prepare.mjs");
const { endOnSignal } = await import("./lib/child.mjs");
const { report } = await import("./lib/failure.mjs");

const args = process.argv.slice(2);
const releaseSignals = endOnSignal();
try {
  if (!args.includes("--help") && !args.includes("-h")) await prepare({ agents: ["pi"] });
} catch (error) {
  report(error, "npm start");
  process.exit(1);
}
releaseSignals();

// In this process, so that Ctrl-C reaches exactly one program and its exit code is ours.
process.argv = [process.execPath, `${root}/apps/cli/bin/creel.js`, "up", ...args];
await import(new URL("../apps/cli/bin/creel.js", import.meta.url).href);
