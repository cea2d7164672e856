import type { SandboxView } from "@creel/core";

const agentNames: Readonly<Record<string, string>> = { pi: "pi", claude: "Claude Code", codex: "Codex" };

export const agentName = (sandbox: SandboxView): string =>
  agentNames[sandbox.agent.plugin] ?? sandbox.agent.command?.join(" ") ?? sandbox.agent.plugin;

/** Whether the node says it enforces the newest saved version. */
export const policyInForce = (sandbox: SandboxView): boolean => sandbox.status?.policyDigest === sandbox.policyDigest;

/** Why an act makes no sense in this state, as a sentence; null when it does. The server and the node judge again. */
export const sandboxCannot = {
  start: (sandbox: SandboxView): string | null =>
    sandbox.desiredState === "running" ? "It is already meant to run." : null,
  stop: (sandbox: SandboxView): string | null =>
    sandbox.desiredState === "stopped" ? "It is already meant to be stopped." : null,
  restart: (sandbox: SandboxView): string | null =>
    sandbox.desiredState === "stopped" ? "It is stopped; start it instead." : null,
  exec: (sandbox: SandboxView): string | null => {
    if (!sandbox.nodeConnected) return "Its node is not connected.";
    const phase = sandbox.status?.phase ?? "pending";
    return phase === "running" || phase === "waiting" ? null : `It is ${phase}, not running.`;
  },
} as const;
