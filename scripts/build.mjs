// `npm run build`: the launcher in C, the bundles of the apps, the pages. `--force` builds what is up to date as well.
import { endOnSignal } from "./lib/child.mjs";
import { report } from "./lib/failure.mjs";
import { checkPlatform } from "./lib/platform.mjs";

const problem = checkPlatform();
if (problem) {
  process.stderr.write(`creel: ${problem}\n`);
  process.exit(1);
}
endOnSignal();
const only = process.argv.slice(2).filter((arg) => !arg.startsWith("--"));
try {
  const { buildAll } = await import("./lib/build-all.mjs");
  await buildAll({ force: process.argv.includes("--force"), only });
  process.exit(0);
} catch (error) {
  report(error, "npm run build");
  process.exit(1);
}
