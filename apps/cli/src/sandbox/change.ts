import { z } from "zod";
import { EXIT, type ExitCode } from "../exit.ts";
import { type Io, jsonLine, line } from "../io.ts";
import { callSandbox } from "./path.ts";

export type Change = "start" | "stop" | "restart";
const WORDS = { start: "starting", stop: "stopping", restart: "restarting" } as const;

/** Asks for the change; the node carries it out and the list shows when it has. */
export async function changeSandbox(
  name: string,
  change: Change,
  options: { json: boolean },
  io: Io,
): Promise<ExitCode> {
  const answer = await callSandbox(z.unknown(), { method: "POST", name, verb: change });
  io.out(options.json ? jsonLine(answer) : line(`${name} is ${WORDS[change]}`));
  return EXIT.done;
}
