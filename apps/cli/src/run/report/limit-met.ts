/** Which field of the policy a limit stands in, for those who want to change it. */
import type { SandboxLimits } from "@creel/policy";
import type { SandboxExit } from "@creel/sandbox";

/** The gateway's sentences about the sandbox's own limits. Those of an entry name it themselves. */
const SENTENCES: readonly (readonly [sentence: RegExp, field: keyof SandboxLimits])[] = [
  [/^The sandbox has too many connections open/, "connections"],
  [/^The sandbox has used its \d+ requests of this minute/, "requests_per_minute"],
];
const ENTRY = /^Entry `.*` has used its \d+ (bytes|requests) of this/s;

/** `sandbox.limits.connections: 4`; null for a denial that no limit made. */
export function limitOfDenial(
  { reason, rule }: { reason: string; rule: string | null },
  limits: SandboxLimits | undefined,
): string | null {
  const field = SENTENCES.find(([sentence]) => sentence.test(reason))?.[1];
  if (field !== undefined) return named(field, limits?.[field]);
  const what = ENTRY.exec(reason)?.[1];
  return what === undefined || rule === null ? null : `limits.${what} in the endpoints of network_policies.${rule}`;
}

const named = (field: keyof SandboxLimits, value: number | undefined): string =>
  `sandbox.limits.${field}${value === undefined ? "" : `: ${value}`}`;

/** Of a sandbox that a limit ended: the field, its value and what was used. */
export function limitOfExit(exit: SandboxExit): string | null {
  const { cause, limit, used, unit } = exit;
  const field = cause === "memory" ? "memory_bytes" : cause === "workspace" ? `workspace_${unit}` : null;
  if (field === null || limit === 0) return null;
  return `sandbox.limits.${field}: ${limit}${used === 0 ? "" : `, used ${used}`}`;
}

/** Processes that were refused do not end anything by themselves; what the command made of it may be hard to see. */
export function refusedForks(exit: SandboxExit, limits: SandboxLimits | undefined): string | null {
  const count = exit.refusedForks ?? 0;
  if (count === 0) return null;
  const times = count === 1 ? "1 process or thread" : `${count} processes or threads`;
  return `${times} could not be started: ${named("processes", limits?.processes)}`;
}
