import { runCli } from "./cli.ts";
import { processIo } from "./io.ts";

/** What these do matters more than who reads along: they go on, and end in order, when their reader has gone. */
const outlivesReader = ["up", "run"].includes(process.argv[2] ?? "");
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    // `creel … | head` closes the pipe early; that is the reader's right and no failure of ours.
    if (error.code !== "EPIPE") throw error;
    if (!outlivesReader) process.exit(0);
  });
}
process.exitCode = await runCli(process.argv.slice(2), processIo());
