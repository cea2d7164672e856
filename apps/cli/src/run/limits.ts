/** What the policy's `sandbox:` section asks for, in the launcher's words. */
import type { Policy, SandboxLimits } from "@creel/policy";
import type { SandboxSpec } from "@creel/sandbox";

type SpecLimits = NonNullable<SandboxSpec["limits"]>;

const NAMES = {
  memory_bytes: "memoryBytes",
  processes: "processes",
  open_files: "openFiles",
  tmp_bytes: "tmpBytes",
} as const satisfies Partial<Record<keyof SandboxLimits, keyof SpecLimits>>;

/** Bounds that the launcher keeps. Time is kept by `watch.ts`, traffic by the gateway. */
export function specLimits(policy: Policy): SpecLimits {
  const limits = policy.sandbox?.limits ?? {};
  const result: SpecLimits = {};
  for (const [name, own] of entriesOf(NAMES)) {
    const value = limits[name];
    if (value !== undefined) result[own] = value;
  }
  return result;
}

/** `Object.entries` forgets the names of a constant table. */
function entriesOf<Key extends string, Value>(table: Readonly<Record<Key, Value>>): [Key, Value][] {
  return Object.entries(table) as [Key, Value][];
}
