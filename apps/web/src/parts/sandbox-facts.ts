import type { SandboxView } from "@creel/core";

const agentNames: Readonly<Record<string, string>> = {
  pi: "pi",
  claude: "Claude Code",
  codex: "Codex",
  opencode: "OpenCode",
  gemini: "Gemini CLI",
  qwen: "Qwen Code",
  cline: "Cline",
  continue: "Continue",
  copilot: "GitHub Copilot CLI",
  openclaw: "OpenClaw",
};

export const agentName = (sandbox: SandboxView): string =>
  agentNames[sandbox.agent.plugin] ?? sandbox.agent.command?.join(" ") ?? sandbox.agent.plugin;

/** Whether the node says it enforces the newest saved version. */
export const policyInForce = (sandbox: SandboxView): boolean => sandbox.status?.policyDigest === sandbox.policyDigest;

const OVER: readonly string[] = ["stopped", "exited", "failed", "quarantined"];
/** Something of it runs, or may: nobody has heard yet that it ended. */
export const isLive = (sandbox: SandboxView): boolean =>
  sandbox.status !== null && !OVER.includes(sandbox.status.phase);
/** What a kill switch would end. The server decides again by the same rule. */
export const isKillable = (sandbox: SandboxView): boolean => sandbox.desiredState === "running" || isLive(sandbox);

const held = (sandbox: SandboxView): string | null =>
  sandbox.desiredState === "quarantined" ? "It is in quarantine; release it first." : null;

/** Why an act makes no sense in this state, as a sentence; null when it does. The server and the node judge again. */
export const sandboxCannot = {
  start: (sandbox: SandboxView): string | null =>
    held(sandbox) ?? (sandbox.desiredState === "running" ? "It is already meant to run." : null),
  stop: (sandbox: SandboxView): string | null =>
    held(sandbox) ?? (sandbox.desiredState === "stopped" ? "It is already meant to be stopped." : null),
  restart: (sandbox: SandboxView): string | null =>
    held(sandbox) ?? (sandbox.desiredState === "stopped" ? "It is stopped; start it instead." : null),
  remove: (sandbox: SandboxView): string | null => held(sandbox),
  kill: (sandbox: SandboxView): string | null =>
    isLive(sandbox) || sandbox.desiredState === "running" ? null : "Nothing of it runs.",
  quarantine: (sandbox: SandboxView): string | null =>
    sandbox.desiredState === "quarantined" ? "It is in quarantine already." : null,
  exec: (sandbox: SandboxView): string | null => {
    if (!sandbox.nodeConnected) return "Its node is not connected.";
    const phase = sandbox.status?.phase ?? "pending";
    return phase === "running" || phase === "waiting" ? null : `It is ${phase}, not running.`;
  },
} as const;
