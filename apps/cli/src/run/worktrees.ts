/**
 * What `git worktree add` writes down in a workspace's repository.
 *
 * Threat: git on the host obeys `.git/worktrees/NAME/config.worktree` and `commondir`, which the agent would write. Invariant: what a
 * command adds there never stands in the repository on this host. It lies in Creel's own folder and is mounted in its place, in this run
 * and in later ones. A repository that has trees of its own keeps them, protected: hidden from git inside, their commits could be
 * collected as garbage.
 */
import { chownSync, lstatSync, mkdirSync, readdirSync, rmdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { SANDBOX_WORK, type SandboxSpec } from "@creel/sandbox";
import { keptFolder } from "./repository.ts";

const NAME = ".git/worktrees";

export interface KeptWorktrees {
  mount: NonNullable<SandboxSpec["mounts"]>[number];
  /** After the end: nothing is left behind that holds nothing. */
  finish(): void;
}

/** Null where nobody asked to protect the name, or there is something to protect. */
export function keepWorktrees(input: {
  workspace: string | null;
  creelHome: string;
  names: readonly string[];
}): KeptWorktrees | null {
  const { workspace, creelHome, names } = input;
  if (workspace === null || !names.includes(`${NAME}/`) || !hasNoTrees(workspace)) return null;
  const path = `${keptFolder(creelHome, workspace)}.worktrees`;
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const { uid, gid } = statSync(workspace);
  if (process.getuid?.() === 0) chownSync(path, uid, gid);
  return {
    mount: { source: path, target: `${SANDBOX_WORK}/${NAME}`, mode: "rw" },
    finish() {
      try {
        rmdirSync(path);
      } catch {
        // Something stands in it; later runs find it again.
      }
    },
  };
}

/** A repository, and nothing in the place of trees but the empty folder that an earlier run held the name with. */
function hasNoTrees(workspace: string): boolean {
  if (lstatSync(join(workspace, ".git"), { throwIfNoEntry: false })?.isDirectory() !== true) return false;
  const trees = lstatSync(join(workspace, NAME), { throwIfNoEntry: false });
  return trees === undefined || (trees.isDirectory() && readdirSync(join(workspace, NAME)).length === 0);
}
