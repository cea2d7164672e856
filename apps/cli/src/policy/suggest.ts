import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { createSuggestion } from "@creel/policy";
import { CliError, EXIT, type ExitCode, usageError } from "../exit.ts";
import { exact, type Io, jsonLine, line, painter } from "../io.ts";
import { asCliError } from "./edit-error.ts";
import { NO_REQUEST, NO_REQUEST_REMEDY, readJournals, reportUnreadable } from "./journal.ts";
import { loadPolicy } from "./load.ts";
import { suggestionNotes } from "./view/suggestion.ts";
import { replaceFile } from "./write-file.ts";

export interface SuggestFlags {
  base: string | null;
  write: string | null;
  force: boolean;
  json: boolean;
}

/**
 * The least policy that covers the journals: YAML on stdout or into a file, notes and refusals on stderr. A suggestion is for a person to
 * read, so an existing file is only replaced where it is the base, or by --force.
 */
export async function suggestPolicy(files: string[], flags: SuggestFlags, io: Io): Promise<ExitCode> {
  const isBase = flags.write !== null && flags.base !== null && resolve(flags.write) === resolve(flags.base);
  if (flags.write !== null && !isBase && !flags.force && existsSync(flags.write))
    throw usageError("the file is there already", "Name another, or add --force to replace it.", flags.write);
  const suggestion = await asCliError(flags.base, async () => {
    const base = flags.base === null ? {} : { baseYaml: loadPolicy(flags.base).yaml };
    const run = createSuggestion({ ...base, nowMs: Date.now() });
    const read = await readJournals(files, (record) => run.add(record), io);
    return { ...run.result(), read };
  });
  const { read, ...result } = suggestion;
  if (read.requests === 0) {
    if (!flags.json) reportUnreadable(read, io);
    throw new CliError(NO_REQUEST, {
      exitCode: read.unreadable > 0 ? EXIT.usage : EXIT.failed,
      remedy: NO_REQUEST_REMEDY,
      problems: read.problems,
    });
  }
  if (flags.write !== null) replaceFile(flags.write, result.yaml);
  if (flags.json) io.out(jsonLine({ ...result, unreadable: read.unreadable, problems: read.problems }));
  else {
    if (flags.write === null) io.out(exact(result.yaml));
    for (const text of suggestionNotes(result, flags.write, painter(io.colour))) io.err(line(text));
    reportUnreadable(read, io);
  }
  return read.unreadable > 0 ? EXIT.usage : EXIT.done;
}
