/**
 * A git repository that the command makes in a workspace that had none.
 *
 * Threat: the agent plants a hook or a setting, and the person's own git runs it when they, or their shell's prompt, next stand in the
 * folder. Invariant: a `.git` made inside never stands in the workspace on this host. It lies in Creel's own folder and is only mounted
 * there, in this run and in later ones, until a person has looked at it and moves it.
 */
import { createHash } from "node:crypto";
import { chownSync, lstatSync, mkdirSync, readdirSync, rmdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { SANDBOX_WORK, type SandboxSpec } from "@creel/sandbox";
import { lookAt, type RepositoryView } from "./repository-view.ts";

const NAME = ".git";
/** Of the digest of the workspace's path: no two workspaces of one person collide. */
const DIGEST_CHARS = 16;

export interface KeptRepository {
  mount: NonNullable<SandboxSpec["mounts"]>[number];
  /** The list, with the whole of `.git` in the place of names within it. */
  protect(names: readonly string[]): string[];
  /** After the end: what was made, or null and nothing is left behind. */
  finish(): NewRepository | null;
}

export interface NewRepository extends RepositoryView {
  path: string;
  workspace: string;
}

const within = (name: string): boolean => name.startsWith(`${NAME}/`);

/** Null where the workspace has a repository, or nobody asked to protect one. */
export function keepRepository(input: {
  workspace: string | null;
  creelHome: string;
  names: readonly string[];
}): KeptRepository | null {
  const { workspace, creelHome, names } = input;
  if (workspace === null || !names.some(within) || !isFree(join(workspace, NAME))) return null;
  const path = keptFolder(creelHome, workspace);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const { uid, gid } = statSync(workspace);
  // The files in it shall belong to whoever owns the workspace, as those beside it do.
  if (process.getuid?.() === 0) chownSync(path, uid, gid);
  return {
    mount: { source: path, target: `${SANDBOX_WORK}/${NAME}`, mode: "rw" },
    protect: (list) => [`${NAME}/`, ...list.filter((name) => !within(name) && name !== NAME)],
    finish: () => (removed(path) ? null : { path, workspace, ...lookAt(path) }),
  };
}

/** Where git's files of one workspace are kept apart. */
export function keptFolder(creelHome: string, workspace: string): string {
  const digest = createHash("sha256").update(workspace).digest("hex").slice(0, DIGEST_CHARS);
  return join(creelHome, "git", `${basename(workspace)}-${digest}`);
}

/** Nothing there, or the empty folder that an earlier run held the name with. */
function isFree(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found === undefined || (found.isDirectory() && readdirSync(path).length === 0);
}

function removed(path: string): boolean {
  try {
    rmdirSync(path);
    return true;
  } catch {
    return false;
  }
}
