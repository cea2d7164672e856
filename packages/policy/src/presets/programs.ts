/**
 * Where programs lie: as Debian and its kin install them, as npm and pip do system-wide, and as Creel mounts its agents. The kernel
 * reports the file that runs, after links: for `git fetch` that is its HTTP helper, for a script its interpreter.
 */
export const git = ["/usr/lib/git-core/git-remote-http", "/usr/libexec/git-core/git-remote-http"];
export const gh = ["/usr/bin/gh", "/usr/local/bin/gh"];
export const glab = ["/usr/bin/glab", "/usr/local/bin/glab"];
export const curl = ["/usr/bin/curl"];
export const node = ["/opt/node/bin/node", "/usr/bin/node", "/usr/local/bin/node"];
export const python = ["/usr/bin/python3*", "/usr/local/bin/python3*"];
export const uv = ["/usr/bin/uv", "/usr/local/bin/uv"];
export const cargo = ["/usr/bin/cargo", "/usr/local/bin/cargo"];
export const go = ["/usr/lib/go-*/bin/go", "/usr/local/go/bin/go"];
export const apt = ["/usr/lib/apt/methods/http"];
export const containers = [
  "/usr/bin/dockerd",
  "/usr/bin/podman",
  "/usr/bin/skopeo",
  "/usr/bin/buildah",
  "/usr/bin/crane",
];
export const claude = [
  "/opt/agent/node_modules/@anthropic-ai/claude-code-linux-*/claude",
  "/usr/lib/node_modules/@anthropic-ai/claude-code/bin/claude.exe",
  "/usr/local/lib/node_modules/@anthropic-ai/claude-code/bin/claude.exe",
];
export const codex = [
  "/opt/agent/node_modules/@openai/codex-linux-*/vendor/*/bin/codex",
  "/usr/lib/node_modules/@openai/**/vendor/*/bin/codex",
  "/usr/local/lib/node_modules/@openai/**/vendor/*/bin/codex",
];
export const opencode = [
  "/usr/lib/node_modules/**/opencode-linux-*/bin/opencode",
  "/usr/local/lib/node_modules/**/opencode-linux-*/bin/opencode",
];
export const copilot = ["/usr/lib/node_modules/@github/**/copilot", "/usr/local/lib/node_modules/@github/**/copilot"];
/** Agents and bots written for Node or Python: OpenClaw, pi, Gemini CLI, Qwen Code; Hermes, Deep Agents. */
export const bots = [...node, ...python];
/** What an agent fetches with on somebody's behalf. */
export const fetchers = [...curl, ...bots];
