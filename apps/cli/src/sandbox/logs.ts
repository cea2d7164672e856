import { setTimeout as delay } from "node:timers/promises";
import { EXIT, type ExitCode } from "../exit.ts";
import { type Io, jsonLine, line, page } from "../io.ts";
import { callSandbox } from "./path.ts";
import { logsSchema } from "./views.ts";

/** A person reading along notices nothing below half a second. */
const FOLLOW_MS = 500;

/** Prints what a sandbox wrote; with `follow` goes on until interrupted. */
export async function sandboxLogs(
  name: string,
  options: { follow: boolean; json: boolean },
  io: Io,
): Promise<ExitCode> {
  let afterOffset: number | undefined;
  for (;;) {
    const { chunks, nextOffset } = await callSandbox(logsSchema, {
      method: "GET",
      name,
      verb: "logs",
      query: { afterOffset },
    });
    for (const chunk of chunks) {
      if (options.json) io.out(jsonLine(chunk));
      else {
        if (chunk.dropped > 0) io.err(line(`creel: ${chunk.dropped} bytes were lost here`));
        io.out(page(chunk.data));
      }
    }
    afterOffset = nextOffset;
    if (chunks.length > 0) continue;
    if (!options.follow) return EXIT.done;
    await delay(FOLLOW_MS);
  }
}
