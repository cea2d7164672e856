/** What git inside needs to live with names of the workspace that are protected. */
import type { SandboxSpec } from "@creel/sandbox";
import { gitShim } from "./git-shim.ts";
import { isProgram, SHIMS_FOLDER } from "./program.ts";
import { type KeptRepository, keepRepository, type NewRepository } from "./repository.ts";
import { type KeptWorktrees, keepWorktrees } from "./worktrees.ts";

/** Where git is seen inside: in the folders that every sandbox shows. */
const GIT_PATHS = ["/usr/local/bin/git", "/usr/bin/git"];
/** A new branch of a remote one would be written into the config as one that follows it, which fails and changes nothing else. */
const NO_TRACKING = {
  GIT_CONFIG_COUNT: "1",
  GIT_CONFIG_KEY_0: "branch.autoSetupMerge",
  GIT_CONFIG_VALUE_0: "false",
};

export interface GitInside {
  repository: KeptRepository | null;
  mounts: NonNullable<SandboxSpec["mounts"]>;
  files: NonNullable<SandboxSpec["files"]>;
  env: Record<string, string>;
  /** After the end: the repository that the command made, if it made one. */
  finish(): NewRepository | null;
}

export function gitInside(input: { workspace: string | null; creelHome: string; names: readonly string[] }): GitInside {
  const repository = keepRepository(input);
  const worktrees: KeptWorktrees | null = repository === null ? keepWorktrees(input) : null;
  const real = GIT_PATHS.find(isProgram);
  const explains = real !== undefined && input.workspace !== null && input.names.length > 0;
  const content = explains ? gitShim(real, input.names) : "";
  return {
    repository,
    mounts: [repository, worktrees].flatMap((kept) => (kept === null ? [] : [kept.mount])),
    files: explains ? [{ path: `${SHIMS_FOLDER}/git`, content, mode: 0o755 }] : [],
    env: explains && repository === null && input.names.includes(".git/config") ? NO_TRACKING : {},
    finish() {
      worktrees?.finish();
      return repository?.finish() ?? null;
    },
  };
}
