import { runCli } from "./cli.ts";
import { processIo } from "./io.ts";

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // `creel … | head` closes the pipe early; that is the reader's right and no failure of ours.
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});
process.exitCode = await runCli(process.argv.slice(2), processIo());
