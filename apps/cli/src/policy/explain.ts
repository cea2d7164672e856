import { explainRequest } from "@creel/policy";
import { EXIT, type ExitCode } from "../exit.ts";
import { type Io, jsonLine, line, painter } from "../io.ts";
import { announced } from "./announce.ts";
import { loadPolicy } from "./load.ts";
import type { RequestFlags } from "./request-flags.ts";
import { readRequest } from "./request-input.ts";
import { explanationView } from "./view/explanation.ts";

/** Why one request is decided as it is, and the smallest change that turns it. Denied: exit code 3. */
export async function explainOne(
  file: string,
  flags: RequestFlags,
  options: { json: boolean },
  io: Io,
): Promise<ExitCode> {
  const { yaml } = loadPolicy(file);
  const request = await readRequest(flags, io);
  const explanation = announced(io, "Explaining", () => explainRequest(yaml, request, Date.now()));
  // The file was valid a moment ago and is the same text.
  if ("problems" in explanation) throw new Error("a valid policy had problems when it was explained");
  if (options.json) io.out(jsonLine({ request, ...explanation }));
  else for (const text of explanationView({ file, yaml, request, explanation }, painter(io.colour))) io.out(line(text));
  return explanation.decision.decision === "deny" ? EXIT.denied : EXIT.done;
}
