import { explainRequest } from "@creel/policy";
import { EXIT, type ExitCode, usageError } from "../exit.ts";
import { type Io, jsonLine, line, painter } from "../io.ts";
import { announced } from "./announce.ts";
import { fileTitle, readPolicyInput, validPolicy } from "./load.ts";
import { describesRequest, type RequestFlags } from "./request-flags.ts";
import { readRequest } from "./request-input.ts";
import { explanationView } from "./view/explanation.ts";

/** Why one request is decided as it is, and the smallest change that turns it. Denied: exit code 3. */
export async function explainOne(
  file: string,
  flags: RequestFlags,
  options: { json: boolean },
  io: Io,
): Promise<ExitCode> {
  const onCommandLine = flags.request !== undefined || describesRequest(flags);
  if (file === "-" && !onCommandLine)
    throw usageError(
      "standard input holds one thing: the policy, or the request",
      "Name a policy file, or give the request on the command line.",
      "-",
    );
  const yaml = await readPolicyInput(file, io);
  validPolicy(file, yaml);
  const request = await readRequest(flags, io);
  const explanation = announced(io, "Explaining", () => explainRequest(yaml, request, Date.now()));
  // The file was valid a moment ago and is the same text.
  if ("problems" in explanation) throw new Error("a valid policy had problems when it was explained");
  if (options.json) io.out(jsonLine({ request, ...explanation }));
  else
    for (const text of explanationView({ file: fileTitle(file), yaml, request, explanation }, painter(io.colour)))
      io.out(line(text));
  return explanation.decision.decision === "deny" ? EXIT.denied : EXIT.done;
}
