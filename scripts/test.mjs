// `npm test` = `npm run verify` = what CI runs. Stages run in turn, a failing one does not hide the next; the last line
// holds the totals. `npm test -- types unit` runs the named stages only.
import { endOnSignal } from "./lib/child.mjs";
import { report } from "./lib/failure.mjs";
import { checkPlatform } from "./lib/platform.mjs";

const problem = checkPlatform();
if (problem) {
  process.stderr.write(`creel: ${problem}\n`);
  process.exit(1);
}
endOnSignal();
try {
  const { runStages } = await import("./lib/stages.mjs");
  const { passed, failed } = await runStages(process.argv.slice(2));
  process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
  process.exit(failed === 0 ? 0 : 1);
} catch (error) {
  report(error, "npm test");
  process.stdout.write("\n0 passed, 1 failed\n");
  process.exit(1);
}
