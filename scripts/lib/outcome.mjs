// What a test tool wrote about its run, as counts and as the names of what failed: whoever reads only the end of a
// long log finds there which tests to look at.
import { existsSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import { root } from "./root.mjs";

/** Named failures of one stage; a run in which everything fails has its cause in the first few. */
const FAILURES_TOLD_MAX = 20;
const MESSAGE_CHARS_MAX = 300;

/** @typedef {{passed: number, failed: number, failures: string[]}} Outcome */

/** One failure in a line: where, and the first line of why. */
function told(place, why) {
  const first = (why ?? "").split("\n").find((line) => line.trim() !== "") ?? "no reason given";
  return `${place}: ${first.trim().slice(0, MESSAGE_CHARS_MAX)}`;
}

/** @returns {Outcome} */
export function vitestOutcome({ numPassedTests, numFailedTests, testResults }) {
  const failures = testResults.flatMap(({ name, status, message, assertionResults }) => {
    const failed = assertionResults.filter((one) => one.status === "failed");
    if (failed.length === 0 && status === "failed") return [told(relative(root, name), message)];
    return failed.map((one) => told(`${relative(root, name)} › ${one.fullName}`, one.failureMessages[0]));
  });
  return { passed: numPassedTests, failed: Math.max(numFailedTests, failures.length), failures };
}

/** A test that passed at the second try has failed: nobody knows why it did at the first. @returns {Outcome} */
export function playwrightOutcome({ stats, suites }) {
  const specs = (suite) => [...suite.specs, ...(suite.suites ?? []).flatMap(specs)];
  const failures = suites
    .flatMap(specs)
    .flatMap(({ file, title, tests }) =>
      tests
        .filter(({ status }) => status === "unexpected" || status === "flaky")
        .map(({ results }) => told(`${file} › ${title}`, results.find(({ error }) => error)?.error?.message)),
    );
  return { passed: stats.expected, failed: stats.unexpected + stats.flaky, failures };
}

/** @returns {Outcome} */
export const adversarialOutcome = ({ passed, failed, failures }) => ({
  passed,
  failed,
  failures: failures.map(({ id, why }) => told(id, why)),
});

/**
 * Outcome of a JSON report; a run that failed without saying in which test still counts as one failure.
 * @returns {Outcome}
 */
export function outcomeOf(file, { code, read }) {
  const outcome = existsSync(file)
    ? read(JSON.parse(readFileSync(file, "utf8")))
    : { passed: 0, failed: 0, failures: [] };
  return code !== 0 && outcome.failed === 0 ? { ...outcome, failed: 1 } : outcome;
}

/** The lines of a stage's failures, for the end of the run. */
export function failureLines(failures) {
  const lines = failures.slice(0, FAILURES_TOLD_MAX).map((failure) => `    ${failure}`);
  const left = failures.length - lines.length;
  return left > 0 ? [...lines, `    and ${left} more, above`] : lines;
}
