import { existsSync } from "node:fs";
import { readEnv } from "../env.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { type Io, jsonLine, line, painter, printable } from "../io.ts";
import { mergeAllowing } from "../run/report/allow.ts";
import { readKeptRun } from "../run/report/kept.ts";
import { asCliError } from "./edit-error.ts";
import { loadPolicy } from "./load.ts";
import { replaceFile } from "./write-file.ts";

export interface AllowFlags {
  policy: string;
  json: boolean;
}

/**
 * Merges into a policy file what a run was refused, by the same checks that its summary was made with. The file is judged as it stands
 * now: what it allows meanwhile is not added, and nothing that stands in it is changed or repeated. Without the file it is made.
 */
export async function allowRun(id: string, { policy: file, json }: AllowFlags, io: Io): Promise<ExitCode> {
  const { records, readOnlyFolders } = readKeptRun(readEnv().home, id);
  const baseYaml = existsSync(file) ? loadPolicy(file).yaml : null;
  const merge = () => mergeAllowing({ records, baseYaml, nowMs: Date.now(), readOnlyFolders });
  const allowing = await asCliError(file, merge);
  const { lines = [], refused = [] } = allowing ?? {};
  const added = lines.filter(({ isNew }) => isNew).length;
  if (allowing !== null && added > 0) replaceFile(file, allowing.yaml, baseYaml ?? undefined);
  if (json) {
    io.out(
      jsonLine({
        file,
        written: added > 0,
        added: lines.filter(({ isNew }) => isNew).map(({ text }) => text),
        refused,
      }),
    );
    return EXIT.done;
  }
  const paint = painter(io.colour);
  for (const { text, isNew } of lines)
    io.out(line(`${isNew ? "+" : " "} ${paint(isNew ? "cyan" : "dim", printable(text))}`));
  for (const { target, reason } of refused)
    io.err(line(printable(`creel: no rule is offered for ${target}: ${reason}`)));
  const words = added > 0 ? `${file}: ${baseYaml === null ? "made" : "added to"}` : `${file}: nothing to add`;
  io.err(line(printable(`creel: ${words}`)));
  return EXIT.done;
}
