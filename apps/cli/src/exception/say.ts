import type { z } from "zod";
import { EXIT, type ExitCode } from "../exit.ts";
import { type Io, jsonLine, line, printable } from "../io.ts";
import type { grantedSchema } from "./views.ts";

/** Exit code 4 says that others have to approve it first. */
export function sayGranted(answer: z.output<typeof grantedSchema>, json: boolean, io: Io): ExitCode {
  const code = answer.outcome === "proposed" ? EXIT.needsApproval : EXIT.done;
  if (json) io.out(jsonLine(answer));
  else if (answer.outcome === "proposed")
    io.out(line(`proposed as change ${printable(answer.changeId)}; nothing is allowed until it is approved`));
  else for (const id of answer.exceptionIds) io.out(line(`${printable(id)} until ${printable(answer.until)}`));
  return code;
}
