import { createInterface } from "node:readline";
import { compilePolicy, decide } from "@creel/policy";
import { EXIT, type ExitCode } from "../exit.ts";
import { type Io, jsonLine } from "../io.ts";
import { loadPolicy } from "./load.ts";
import { parseRequestLine } from "./request-line.ts";

/** A request line may carry a body; past this it is refused rather than held in memory. */
const LINE_CHARS_MAX = 4 * 1024 * 1024;
const REMEDY =
  "Write one JSON object a line: {id?, binary, sha256?, ancestors?, host, port, method?, path?, headers?, body?, ip?}.";

/** Judges requests from stdin, one answer a line in the same order. A bad line is answered with an error and skipped. */
export async function decideLines(file: string, io: Io): Promise<ExitCode> {
  const compiled = compilePolicy(loadPolicy(file).policy);
  let code: ExitCode = EXIT.done;
  let number = 0;
  for await (const text of createInterface({ input: io.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
    number += 1;
    if (text.trim() === "") continue;
    const parsed =
      text.length > LINE_CHARS_MAX
        ? ({ ok: false, id: null, problem: "the line is longer than 4 MiB" } as const)
        : parseRequestLine(text);
    if (!parsed.ok) {
      code = EXIT.usage;
      io.out(
        jsonLine({
          id: parsed.id,
          line: number,
          error: { message: `line ${number}: ${parsed.problem}`, remedy: REMEDY },
        }),
      );
      continue;
    }
    const { decision, rule, reason } = decide(compiled, parsed.request, Date.now());
    io.out(jsonLine({ id: parsed.id, decision, rule, reason }));
  }
  return code;
}
