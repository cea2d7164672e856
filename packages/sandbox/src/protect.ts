/**
 * Names in a workspace that decide what runs on the host when a person opens the folder there: what an agent would write
 * to get out once it is gone. A name that ends in `/` is a directory. What exists becomes read-only, what is missing cannot
 * be made; see protect.c. A list of the policy (`sandbox.workspace.protect`) replaces this one.
 */
export const PROTECTED_NAMES: readonly string[] = [
  // git runs what these say on the next `git status`: hooks, core.fsmonitor, core.sshCommand, filters. `commondir` moves all of
  // them elsewhere; `modules` and `worktrees` hold the same files for submodules and linked trees.
  ".git/hooks/",
  ".git/config",
  ".git/commondir",
  ".git/modules/",
  ".git/worktrees/",
  ".gitconfig",
  ".gitmodules",
  // Coding agents on the host start servers and hooks, and take orders, from these.
  ".mcp.json",
  ".claude/settings.json",
  ".claude/settings.local.json",
  ".claude/commands/",
  ".claude/agents/",
  ".claude/hooks/",
  ".claude/skills/",
  ".codex/",
  ".cursor/",
  ".gemini/",
  // Editors run tasks, launch settings and language servers from these.
  ".vscode/",
  ".idea/",
  ".devcontainer/",
  // Shells and their helpers source these on entering the folder, or when it is somebody's home.
  ".envrc",
  ".profile",
  ".bash_profile",
  ".bash_login",
  ".bashrc",
  ".zshenv",
  ".zprofile",
  ".zshrc",
  // npm takes its script shell, and the registry it sends tokens to, from here.
  ".npmrc",
];
