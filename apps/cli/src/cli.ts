import { Command, CommanderError } from "commander";
import { registerDoctor } from "./doctor/command.ts";
import { EnvProblem } from "./env.ts";
import { CliError, EXIT, type ExitCode, messageOf } from "./exit.ts";
import { type Io, jsonLine, line, page, printable } from "./io.ts";
import { registerNode } from "./node/command.ts";
import { registerPolicy } from "./policy/command.ts";
import type { Finish, Register } from "./register.ts";
import { registerRun } from "./run/command.ts";
import { registerSandbox } from "./sandbox/command.ts";
import { registerUp } from "./up/command.ts";

const registrations: Register[] = [
  registerUp,
  registerRun,
  registerDoctor,
  registerPolicy,
  registerSandbox,
  registerNode,
];

function buildProgram(io: Io, finish: Finish): Command {
  const program = new Command("creel")
    .description("Runs AI agents inside kernel sandboxes and decides every connection by a policy.")
    .version("0.1.0")
    // After a sub-command's name its options are its own: `creel run npm --version` asks npm, not us.
    .enablePositionalOptions()
    .showHelpAfterError("(creel --help lists the commands)")
    .addHelpText("after", "\nExit codes: 0 done, 1 failed, 2 wrong usage, 3 denied by policy, 4 needs approval.");
  for (const register of registrations) register(program, io, finish);
  quiet(program, io);
  return program;
}

/** Commander must neither exit the process nor write past our streams, in any sub-command. */
function quiet(command: Command, io: Io): void {
  command
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.out(page(text)), writeErr: (text) => io.err(page(text)) });
  for (const child of command.commands) quiet(child, io);
}

/** Runs one command line (without `node` and the script) and answers its exit code. */
export async function runCli(args: string[], io: Io): Promise<ExitCode> {
  let code: ExitCode = EXIT.done;
  try {
    await buildProgram(io, (finished) => {
      code = finished;
    }).parseAsync(args, { from: "user" });
    return code;
  } catch (error) {
    return fail(error, io, args);
  }
}

/** `--json` before a bare `--` belongs to us; after it, to the command that is run. */
function wantsJson(args: string[]): boolean {
  const end = args.indexOf("--");
  return args.slice(0, end === -1 ? undefined : end).includes("--json");
}

function fail(error: unknown, io: Io, args: string[]): ExitCode {
  if (error instanceof CommanderError) {
    // Help and version also arrive as exceptions; asked for, they are no error.
    const asked = error.code === "commander.helpDisplayed" || error.code === "commander.version";
    return asked ? EXIT.done : EXIT.usage;
  }
  const known = error instanceof CliError ? error : null;
  const settings = error instanceof EnvProblem;
  const exitCode = known?.exitCode ?? (settings ? EXIT.usage : EXIT.failed);
  const place = known?.place ?? (settings ? "environment" : null);
  const remedy = known?.remedy ?? (settings ? "Correct the variable or unset it." : null);
  if (wantsJson(args)) {
    const problems = known?.problems == null ? {} : { problems: known.problems };
    const message = [messageOf(error), ...(known?.details ?? [])].join("\n");
    io.out(jsonLine({ error: { message, place, remedy, exitCode, ...problems } }));
    return exitCode;
  }
  io.err(line(printable(`creel: ${place === null ? "" : `${place}: `}${messageOf(error)}`)));
  for (const detail of known?.details ?? []) io.err(line(printable(detail)));
  if (remedy !== null) io.err(line(printable(`       ${remedy}`)));
  return exitCode;
}
