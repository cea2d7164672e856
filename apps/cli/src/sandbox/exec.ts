import { CliError, EXIT, type ExitCode } from "../exit.ts";
import { type Io, jsonLine, line, page } from "../io.ts";
import { callSandbox } from "./path.ts";
import { execSchema } from "./views.ts";

/** The server answers when the command has ended; the connection must outlast it. */
const ANSWER_EXTRA_MS = 15_000;

/** Runs a command inside a running sandbox, under the same confinement and policy; exits with its exit code. */
export async function sandboxExec(
  name: string,
  command: string[],
  options: { json: boolean; timeoutMs: number },
  io: Io,
): Promise<ExitCode> {
  const result = await callSandbox(execSchema, {
    method: "POST",
    name,
    verb: "exec",
    body: { command, timeoutMs: options.timeoutMs },
    timeoutMs: options.timeoutMs + ANSWER_EXTRA_MS,
  });
  if (options.json) io.out(jsonLine(result));
  else {
    io.out(page(result.stdout));
    io.err(page(result.stderr));
    if (result.truncated) io.err(line("creel: the output was longer; this is its beginning"));
  }
  if (result.error !== null) {
    if (options.json) return EXIT.failed;
    throw new CliError(result.error, { place: `sandbox ${name}` });
  }
  return result.exitCode ?? EXIT.failed;
}
