import { compilePolicy, createReplay } from "@creel/policy";
import { EXIT, type ExitCode } from "../exit.ts";
import { type Io, jsonLine, line, painter } from "../io.ts";
import { type JournalRead, NO_REQUEST, readJournals, reportUnreadable } from "./journal.ts";
import { loadPolicy } from "./load.ts";
import { replayView } from "./view/replay.ts";

export interface ReplayFlags {
  policy: string;
  before: string | null;
  /** Judge every record at this moment instead of at its own time. */
  now: boolean;
  failOn: "broken" | "opened" | "any" | null;
  /** Groups of a kind that are shown; `--json` has them all. */
  groupsMax: number;
  json: boolean;
}

/** Past requests under another version. Lines that cannot be read make the answer a part of the whole: exit code 2. */
export async function replayJournals(files: string[], flags: ReplayFlags, io: Io): Promise<ExitCode> {
  const replay = createReplay({
    after: compilePolicy(loadPolicy(flags.policy).policy),
    before: flags.before === null ? undefined : compilePolicy(loadPolicy(flags.before).policy),
    nowMs: flags.now ? Date.now() : "recorded",
  });
  const read = await readJournals(files, (record) => replay.add(record), io);
  const result = replay.result();
  if (flags.json) io.out(jsonLine({ ...result, ...readCounts(read), problems: read.problems }));
  else {
    for (const text of replayView(result, readCounts(read), flags.groupsMax, painter(io.colour))) io.out(line(text));
    reportUnreadable(read, io);
  }
  if (read.requests === 0) io.err(line(`creel: warning: ${NO_REQUEST}`));
  if (read.unreadable > 0) return EXIT.usage;
  if (flags.failOn !== null && read.requests === 0) return EXIT.failed;
  const failing = (flags.failOn !== "opened" && result.broken > 0) || (flags.failOn !== "broken" && result.opened > 0);
  return flags.failOn !== null && failing ? EXIT.failed : EXIT.done;
}

/** Text and JSON count alike: every line is a request, no request, or unreadable. */
const readCounts = ({ lines, requests, unreadable }: JournalRead) => ({ lines, requests, unreadable });
