/** A command that cannot start, in a shell's exit codes and with what would make it start. */
import { accessSync, constants, existsSync } from "node:fs";
import { basename, delimiter, isAbsolute, join, resolve } from "node:path";
import { SANDBOX_WORK } from "@creel/sandbox";
import { CliError } from "../exit.ts";
import { realFile, shebangOf } from "./installation.ts";

/** As in POSIX shells: not found, and found but not to be executed. */
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;

export interface NotStarted {
  /** As the user wrote it. */
  name: string;
  /** The user's own PATH. */
  path: string | undefined;
  workspace: string | null;
  /** What the launcher said: "cannot start NAME: reason". */
  message: string;
}

export function notStarted(failed: NotStarted): CliError {
  const reason = failed.message.replace(/^cannot start .*: /s, "");
  const isMissing = reason === "No such file or directory";
  const what = isMissing ? "not found inside the sandbox" : `cannot be executed inside the sandbox: ${reason}`;
  return new CliError(what, {
    exitCode: isMissing ? NOT_FOUND : NOT_EXECUTABLE,
    place: failed.name,
    remedy: isMissing ? missing(failed) : unusable(failed, reason),
  });
}

function missing({ name, path, workspace }: NotStarted): string {
  if (!name.includes("/")) {
    const onHost = (path ?? "").split(delimiter).some((folder) => isAbsolute(folder) && existsSync(join(folder, name)));
    if (!onHost) return `No folder of your PATH has a program called ${name}.`;
    return `Your PATH has it, but what it needs is not seen inside: show its folder with --show PATH.`;
  }
  const inside = name.startsWith(`${SANDBOX_WORK}/`) && workspace !== null;
  const onHost = inside ? join(workspace, name.slice(SANDBOX_WORK.length + 1)) : resolve(name);
  if (!existsSync(onHost)) return "There is no such file on this host either.";
  const [interpreter] = shebangOf(onHost) ?? [];
  if (workspace !== null && interpreter !== undefined)
    return `Its first line asks for ${interpreter}, which is not seen inside: --show ${interpreter}`;
  if (isAbsolute(name)) return `This host has it, but it is not seen inside: --show ${name}`;
  if (workspace !== null) return `It lies outside of the workspace: name it by its whole path, with --show ${onHost}`;
  return "It lies in your folder, which is not seen inside: --workspace . gives it that folder, and starts there.";
}

function unusable({ name, workspace }: NotStarted, reason: string): string {
  if (reason === "Exec format error")
    return `It is no program of this machine; a script is started by its interpreter: sh ${name}`;
  const file = realFile(name.startsWith(`${SANDBOX_WORK}/`) ? join(workspace ?? "", basename(name)) : resolve(name));
  if (file === null) return "Name a file that is a program.";
  return isExecutable(file)
    ? "The policy may forbid it: sandbox.workspace.noexec, filesystem_policy."
    : `It is not executable: chmod +x ${name}`;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
