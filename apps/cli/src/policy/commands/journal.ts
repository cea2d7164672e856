import { usageError } from "../../exit.ts";
import type { Register } from "../../register.ts";

const GROUPS_DEFAULT = 20;
const FAILURES = ["broken", "opened", "any"] as const;

function failure(text: string): (typeof FAILURES)[number] {
  const found = FAILURES.find((known) => known === text);
  if (found !== undefined) return found;
  throw usageError(`"${text}" is nothing to fail on`, `Write one of: ${FAILURES.join(", ")}.`, "--fail-on");
}

function groups(text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count >= 0) return count;
  throw usageError(`"${text}" is not a number of groups`, "Write a whole number from 0.", "--top");
}

interface ReplayWords {
  policy: string;
  before?: string;
  now?: boolean;
  failOn?: (typeof FAILURES)[number];
  top: number;
  json?: boolean;
}

/** `replay`, `suggest` and `allow`: a version beside what happened. */
export const registerJournal: Register = (policy, io, finish) => {
  policy
    .command("replay")
    .description("judge past requests by another version: what would have broken, what would have been let through")
    .argument("<journal...>", "files of decision records (JSON lines); - reads standard input")
    .requiredOption("--policy <file>", "the version to try")
    .option("--before <file>", "compare with this version instead of with what was decided then")
    .option("--now", "judge expiry and monitor mode at this moment, not at each record's own time")
    .option("--fail-on <what>", `exit 1 when there is any: ${FAILURES.join(", ")}`, failure)
    .option("--top <count>", "groups of a kind to show", groups, GROUPS_DEFAULT)
    .option("--json", "print {lines, requests, unreadable, total, skipped, ...counts, groups} as JSON")
    .addHelpText(
      "after",
      `
A record is a line of \`creel run --decisions\`, of a node's journal, or a request line of \`decide\` with time and decision.
Exit code 2 when some lines could not be read, for then the answer is a part of the whole, and when a policy is not valid.
A journal without a request fails under --fail-on. lines = total + unreadable; total = requests + skipped.

Example:
  creel policy replay decisions.jsonl --policy policy.yaml --fail-on broken`,
    )
    .action(async (files: string[], options: ReplayWords) => {
      const { replayJournals } = await import("../replay.ts");
      const flags = {
        policy: options.policy,
        before: options.before ?? null,
        now: options.now === true,
        failOn: options.failOn ?? null,
        groupsMax: options.top,
        json: options.json === true,
      };
      finish(await replayJournals(files, flags, io));
    });
  policy
    .command("suggest")
    .description("write the least policy that covers past requests")
    .argument("<journal...>", "files of decision records (JSON lines), best of monitor mode; - reads standard input")
    .option("--base <file>", "add to this policy instead of beginning a new one")
    .option("--write <file>", "write there instead of to standard output")
    .option("--force", "replace a file that is there already")
    .option("--json", "print {yaml, entries, covered, alreadyAllowed, notes, refused} as JSON")
    .addHelpText(
      "after",
      `
The policy goes to standard output; notes for the reviewer, and what is left denied on purpose, to standard error.
Exit code 1 when the journals hold no request, 2 when lines could not be read or the base is not valid.

Example:
  creel run --monitor --decisions decisions.jsonl -- make test
  creel policy suggest decisions.jsonl --base policy.yaml --write suggested.yaml`,
    )
    .action(async (files: string[], options: { base?: string; write?: string; force?: boolean; json?: boolean }) => {
      const { suggestPolicy } = await import("../suggest.ts");
      const flags = {
        base: options.base ?? null,
        write: options.write ?? null,
        force: options.force === true,
        json: options.json === true,
      };
      finish(await suggestPolicy(files, flags, io));
    });
  policy
    .command("allow")
    .description("merge into a policy what a run was denied, as its summary showed")
    .argument("<run>", "the run's name, as its summary prints it")
    .requiredOption("--policy <file>", "the policy to add to; made where there is none")
    .option("--json", "print {file, written, added, refused} as JSON")
    .addHelpText(
      "after",
      `
Prints the lines that it adds. What the file allows already is not repeated; for private addresses, metadata services and whatever else a
person has to write by hand no rule is offered, and standard error says so. The last 20 runs with denials are kept in Creel's own folder.

Example:
  creel policy allow 20260301-101500-4711 --policy policy.yaml`,
    )
    .action(async (run: string, { policy: file, json = false }: { policy: string; json?: boolean }) => {
      const { allowRun } = await import("../allow.ts");
      finish(await allowRun(run, { policy: file, json }, io));
    });
};
