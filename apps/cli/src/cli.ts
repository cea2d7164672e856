import { Command, CommanderError } from "commander";
import { registerApproval } from "./approval/command.ts";
import { registerDoctor } from "./doctor/command.ts";
import { EnvProblem } from "./env.ts";
import { registerException, registerInbox } from "./exception/command.ts";
import { CliError, EXIT, type ExitCode, messageOf, usageError } from "./exit.ts";
import { type Io, jsonLine, line, page, printable } from "./io.ts";
import { registerLogin } from "./login/command.ts";
import { registerNode } from "./node/command.ts";
import { registerPeople } from "./people/command.ts";
import { registerPolicy } from "./policy/command.ts";
import type { Finish, Register } from "./register.ts";
import { registerRun } from "./run/command.ts";
import { registerSandbox } from "./sandbox/command.ts";
import { registerSecret } from "./secret/command.ts";
import { registerUp } from "./up/command.ts";

const registrations: Register[] = [
  registerUp,
  registerLogin,
  registerRun,
  registerDoctor,
  registerPolicy,
  registerSandbox,
  registerSecret,
  registerNode,
  registerApproval,
  registerInbox,
  registerException,
  registerPeople,
];

function buildProgram(args: string[], io: Io, finish: Finish): Command {
  const program = new Command("creel")
    .description("Runs AI agents inside kernel sandboxes and decides every connection by a policy.")
    .version("0.1.0")
    // After a sub-command's name its options are its own: `creel run npm --version` asks npm, not us.
    .enablePositionalOptions()
    .addHelpText("after", "\nExit codes: 0 done, 1 failed, 2 wrong usage, 3 denied by policy, 4 needs approval.");
  for (const register of registrations) register(program, io, finish);
  quiet(program, [], wantsJson(args), io);
  return program;
}

/**
 * Commander must neither exit the process nor write past our streams, in any sub-command. Its errors name the help of the command that was
 * meant; under `--json` they are written by `fail` instead.
 */
function quiet(command: Command, above: readonly string[], json: boolean, io: Io): void {
  const names = [...above, command.name()];
  const help = `${names.join(" ")} --help`;
  command
    .exitOverride((error) => {
      throw json && !wasAsked(error) ? wrongUsage(error, help) : error;
    })
    .showHelpAfterError(`(${help} explains it)`)
    .configureOutput({
      writeOut: (text) => io.out(page(text)),
      writeErr: (text) => (json ? undefined : io.err(page(text))),
    });
  for (const child of command.commands) quiet(child, names, json, io);
}

/** Help and version also arrive as exceptions; asked for, they are no error. */
const wasAsked = ({ code }: CommanderError): boolean =>
  code === "commander.helpDisplayed" || code === "commander.version";

function wrongUsage({ code, message }: CommanderError, help: string): CliError {
  // A group of commands without one of them has only its help to show.
  const words = code === "commander.help" ? "a command is missing" : message.replace(/^error: /, "");
  return usageError(words.replaceAll("\n", " "), `${help} explains it.`, help.replace(/ --help$/, ""));
}

/** Runs one command line (without `node` and the script) and answers its exit code. */
export async function runCli(args: string[], io: Io): Promise<ExitCode> {
  let code: ExitCode = EXIT.done;
  try {
    await buildProgram(args, io, (finished) => {
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
  if (error instanceof CommanderError) return wasAsked(error) ? EXIT.done : EXIT.usage;
  const known = error instanceof CliError ? error : null;
  const settings = error instanceof EnvProblem;
  const exitCode = known?.exitCode ?? (settings ? EXIT.usage : EXIT.failed);
  const place = known?.place ?? (settings ? "environment" : null);
  const remedy = known?.remedy ?? (settings ? "Correct the variable or unset it." : null);
  if (wantsJson(args)) {
    const problems = known?.problems == null ? {} : { problems: known.problems };
    // What stands in `problems` needs no second telling.
    const details = known === null || known.problems !== null ? [] : known.details;
    const message = [messageOf(error), ...details].join("\n");
    io.out(jsonLine({ error: { message, place, remedy, exitCode, ...problems } }));
    return exitCode;
  }
  io.err(line(printable(`creel: ${place === null ? "" : `${place}: `}${messageOf(error)}`)));
  for (const detail of known?.details ?? []) io.err(line(printable(detail)));
  if (remedy !== null) io.err(line(printable(`       ${remedy}`)));
  return exitCode;
}
