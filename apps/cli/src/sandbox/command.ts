import { usageError } from "../exit.ts";
import type { Register } from "../register.ts";
import { registerKill } from "./kill-command.ts";

const TIMEOUT_DEFAULT_S = 60;
const TIMEOUT_MAX_S = 600;

function seconds(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= TIMEOUT_MAX_S) return value;
  throw usageError(`"${text}" is not a number of seconds`, `Use 1 to ${TIMEOUT_MAX_S}.`, "--timeout");
}

const CHANGES = {
  start: "start a stopped sandbox",
  stop: "stop a sandbox; its workspace stays",
  restart: "start the agent afresh with the same workspace",
} as const;

/** `creel sandbox ls|logs|exec|start|stop|restart|kill|quarantine|release`, over REST with an API token. */
export const registerSandbox: Register = (program, io, finish) => {
  const sandbox = program
    .command("sandbox")
    .description("look at and enter the fleet's sandboxes")
    .addHelpText(
      "after",
      "\nTalks to CREEL_URL with CREEL_TOKEN, by `creel login`, or to the deployment that `creel up` runs here.",
    );
  sandbox
    .command("ls")
    .description("list sandboxes")
    .option("--json", "print the full list as JSON")
    .action(async (options: { json?: boolean }) => {
      const { listSandboxes } = await import("./list.ts");
      finish(await listSandboxes({ json: options.json === true }, io));
    });
  sandbox
    .command("logs")
    .description("print what a sandbox wrote")
    .argument("<name>", "name or id of the sandbox")
    .option("-f, --follow", "go on as it writes")
    .option("--json", "print {endOffset, data, dropped} as JSON lines")
    .action(async (name: string, options: { follow?: boolean; json?: boolean }) => {
      const { sandboxLogs } = await import("./logs.ts");
      finish(await sandboxLogs(name, { follow: options.follow === true, json: options.json === true }, io));
    });
  sandbox
    .command("exec")
    .description("run a command inside a running sandbox; exits with its exit code")
    .argument("<name>", "name or id of the sandbox")
    .argument("<command...>", "after --: the command and its arguments")
    .option("--timeout <seconds>", "how long it may take", seconds, TIMEOUT_DEFAULT_S)
    .option("--json", "print {exitCode, stdout, stderr, truncated, error} as JSON")
    .action(async (name: string, command: string[], options: { json?: boolean; timeout: number }) => {
      const { sandboxExec } = await import("./exec.ts");
      finish(await sandboxExec(name, command, { json: options.json === true, timeoutMs: options.timeout * 1000 }, io));
    });
  registerKill(sandbox, io, finish);
  for (const change of ["start", "stop", "restart"] as const) {
    sandbox
      .command(change)
      .description(CHANGES[change])
      .argument("<name>", "name or id of the sandbox")
      .option("--json", "print the server's answer as JSON")
      .action(async (name: string, options: { json?: boolean }) => {
        const { changeSandbox } = await import("./change.ts");
        finish(await changeSandbox(name, change, { json: options.json === true }, io));
      });
  }
};
