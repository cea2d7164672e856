import { diffLines, formatPolicy } from "@creel/policy";
import { EXIT, type ExitCode } from "../exit.ts";
import { exact, type Io, jsonLine, line, painter } from "../io.ts";
import { asCliError } from "./edit-error.ts";
import { fileTitle, readPolicyInput, validPolicy } from "./load.ts";
import { textDiff } from "./view/text-diff.ts";
import { replaceFile } from "./write-file.ts";

/** Puts files in house layout in place; `-` goes from standard input to standard output. With `check` nothing is written. */
export async function formatPolicies(
  files: readonly string[],
  options: { check: boolean; json: boolean },
  io: Io,
): Promise<ExitCode> {
  const results: { file: string; changed: boolean; written: boolean }[] = [];
  const paint = painter(io.colour);
  for (const file of files) {
    const before = await readPolicyInput(file, io);
    validPolicy(file, before);
    const after = await asCliError(fileTitle(file), () => formatPolicy(before));
    const changed = before !== after;
    const written = changed && !options.check && file !== "-";
    if (written) replaceFile(file, after, before);
    results.push({ file, changed, written });
    if (options.json) continue;
    if (file === "-" && !options.check) io.out(exact(after));
    else {
      if (options.check) for (const text of textDiff(diffLines(before, after), paint)) io.out(line(text));
      const failed = changed && options.check;
      const state = !changed ? "is in house layout" : options.check ? "is not in house layout" : "formatted";
      io.out(line(`${failed ? paint("red", "✗") : paint("green", "✓")} ${fileTitle(file)} ${state}`));
    }
  }
  if (options.json) io.out(jsonLine(results.length === 1 ? results[0] : { files: results }));
  return options.check && results.some(({ changed }) => changed) ? EXIT.failed : EXIT.done;
}
