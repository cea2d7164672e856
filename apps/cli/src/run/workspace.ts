import { existsSync, realpathSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { relative, resolve, sep } from "node:path";
import { SANDBOX_WORK, type SandboxSpec } from "@creel/sandbox";
import { messageOf, usageError } from "../exit.ts";

/**
 * Threat: a folder given as a workspace holds what rules the sandbox itself: the fleet's keys and sign-in, or the control sockets of
 * other sandboxes of the same user. Invariant: neither is ever visible inside.
 */
export const within = (path: string, folder: string): boolean => {
  const way = relative(folder, path);
  return way !== ".." && !way.startsWith(`..${sep}`);
};
const real = (path: string): string => (existsSync(path) ? realpathSync(path) : resolve(path));

/** @throws CliError when the folder cannot be a workspace. */
export function workspaceOf(folder: string | undefined, home: string): string | null {
  if (folder === undefined) return null;
  const path = existingFolder(resolve(folder));
  if (within(path, real(home)))
    throw usageError(`${path} holds Creel's own keys`, "Name a folder outside of it.", "--workspace");
  for (const temporary of ["/tmp", tmpdir()].map(real))
    if (within(temporary, path))
      throw usageError(
        `${path} holds the control sockets of running sandboxes (${temporary})`,
        "Name a folder below it.",
        "--workspace",
      );
  return path;
}

function existingFolder(path: string): string {
  try {
    if (statSync(path).isDirectory()) return realpathSync(path);
  } catch (error) {
    throw usageError(`the workspace cannot be used: ${messageOf(error)}`, "Name a folder that exists.", "--workspace");
  }
  throw usageError(`${path} is not a folder`, "Name a folder that exists.", "--workspace");
}

/** The workspace, with an empty folder laid over Creel's own wherever it lies inside. */
export function workspaceMounts(
  workspace: string | null,
  hide: { home: string; empty: string },
): NonNullable<SandboxSpec["mounts"]> {
  if (workspace === null) return [];
  const mounts: NonNullable<SandboxSpec["mounts"]> = [{ source: workspace, target: SANDBOX_WORK, mode: "rw" }];
  const home = real(hide.home);
  if (existsSync(home) && within(home, workspace))
    mounts.push({ source: hide.empty, target: `${SANDBOX_WORK}/${relative(workspace, home)}`, mode: "ro" });
  return mounts;
}
