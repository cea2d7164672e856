import { z } from "zod";
import { EXIT, type ExitCode } from "../exit.ts";
import { type Io, jsonLine, line, printable } from "../io.ts";

/** What the server answers where others have to approve first (202). */
export const proposedSchema = z.looseObject({ outcome: z.literal("proposed"), changeId: z.string() });

export function sayProposed(answer: z.output<typeof proposedSchema>, json: boolean, io: Io): ExitCode {
  io.out(
    json
      ? jsonLine(answer)
      : line(`proposed as change ${printable(answer.changeId)}; nothing is given until it is approved`),
  );
  return EXIT.needsApproval;
}
