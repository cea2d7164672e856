import type { SandboxView } from "@creel/core";
import type { EndCause, SandboxEndRecord } from "@creel/protocol";

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

const OVER: readonly string[] = ["stopped", "exited", "failed", "quarantined"];
/** Something of it runs, or may: nobody has heard yet that it ended. */
export const isLive = (sandbox: SandboxView): boolean =>
  sandbox.status !== null && !OVER.includes(sandbox.status.phase);
/** When it began: what runs, or else what ran last. A sandbox that waits for its next try does not run. */
export function startFact(sandbox: SandboxView): { term: "Started" | "Last started"; at: string | null } {
  const { status } = sandbox;
  const at = status?.startedAt ?? lastEnds(sandbox)[0]?.startedAt ?? null;
  return { term: at === null || status?.phase === "running" ? "Started" : "Last started", at };
}

/** The newest first. None where it never ended, or where its node was too old to keep them. */
export const lastEnds = (sandbox: SandboxView): readonly SandboxEndRecord[] => sandbox.status?.ends ?? [];

const END_WORDS: Readonly<Record<EndCause, string>> = {
  exit: "ended by itself",
  signal: "ended by a signal",
  memory: "over its memory",
  processes: "over its processes",
  workspace: "over its workspace",
  lifetime: "at the end of its lifetime",
  idle: "idle for too long",
  stopped: "stopped",
  killed: "killed",
  quarantine: "put in quarantine",
  lost: "lost, nobody saw it end",
};
/** The node's sentence of an end by a limit names the limit's measure; of any other it says what `endText` says. */
const SAYS_MORE: readonly EndCause[] = ["memory", "processes", "workspace", "lifetime", "idle"];
export const endDetail = ({ cause, reason }: Pick<SandboxEndRecord, "cause" | "reason">): string | null =>
  SAYS_MORE.includes(cause) && reason !== "" ? reason : null;
/** Why it ended, and with what code where there was one. */
export const endText = ({ cause, exitCode }: Pick<SandboxEndRecord, "cause" | "exitCode">): string =>
  exitCode === null ? END_WORDS[cause] : `${END_WORDS[cause]}, exit code ${exitCode}`;

/** What the node says of the newest saved version; null where nothing runs that a policy could be in force for. */
export function policyStanding(
  sandbox: SandboxView,
): "in force" | "an earlier version is in force" | "not in force yet" | null {
  const digest = sandbox.status?.policyDigest ?? null;
  if (digest === sandbox.policyDigest) return "in force";
  if (digest !== null) return "an earlier version is in force";
  return isKillable(sandbox) ? "not in force yet" : null;
}
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
