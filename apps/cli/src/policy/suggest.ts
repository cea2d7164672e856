import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { createSuggestion, PolicyEditError } from "@creel/policy";
import { CliError, EXIT, type ExitCode, usageError } from "../exit.ts";
import { type Io, jsonLine, line, painter } from "../io.ts";
import { readJournals, reportUnreadable } from "./journal.ts";
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
  if (flags.write !== null) replaceFile(flags.write, result.yaml);
  if (flags.json) io.out(jsonLine({ ...result, unreadable: read.unreadable, problems: read.problems }));
  else {
    if (flags.write === null) io.out(result.yaml);
    const written = flags.write === null ? null : flags.write;
    for (const text of suggestionNotes(result, written, painter(io.colour))) io.err(line(text));
    reportUnreadable(read, io);
  }
  return read.unreadable > 0 ? EXIT.usage : EXIT.done;
}

/** An edit that the base does not allow is the base's matter, not a failure of ours. */
export async function asCliError<T>(file: string | null, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof PolicyEditError)) throw error;
    const problems = error.problems.map(({ place, message }) => `\n${place.line}:${place.column}: ${message}`).join("");
    throw new CliError(`${error.message}${problems}`, {
      ...(file === null ? {} : { place: file }),
      remedy: "Nothing was written.",
      problems: error.problems,
      cause: error,
    });
  }
}
