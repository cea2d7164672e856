/** What the policy's `sandbox:` section asks for, in the launcher's words. */
import type { Policy, SandboxLimits } from "@creel/policy";
import { PROTECTED_NAMES, type SandboxSpec } from "@creel/sandbox";
import type { KeptRepository } from "./repository.ts";

type SpecLimits = NonNullable<SandboxSpec["limits"]>;

/** Bounds that the launcher keeps. Time is kept by `watch.ts`, traffic by the gateway. */
const NAMES = {
  memory_bytes: "memoryBytes",
  processes: "processes",
  cpus: "cpus",
  open_files: "openFiles",
  tmp_bytes: "tmpBytes",
  workspace_bytes: "workspaceBytes",
  workspace_files: "workspaceFiles",
} as const satisfies Partial<Record<keyof SandboxLimits, keyof SpecLimits>>;

type Profile = Pick<SandboxSpec, "limits" | "noexec" | "nestedUserns" | "devices" | "protect">;

interface Place {
  /** Whether there is a folder of the host to protect names in; one that is thrown away needs none. */
  workspace: boolean;
  policyName: string | null;
  repository: KeptRepository | null;
}

/** Names in a workspace that the command can neither change nor create. */
export const protectedNames = ({ sandbox }: Policy): readonly string[] =>
  sandbox?.workspace?.protect ?? PROTECTED_NAMES;

export function sandboxProfile(policy: Policy, { workspace, policyName, repository }: Place): Profile {
  const { sandbox } = policy;
  const names = workspace ? protectedNames(policy) : [];
  const limits: SpecLimits = {};
  for (const [name, own] of entriesOf(NAMES)) {
    const value = sandbox?.limits?.[name];
    if (value !== undefined) limits[own] = value;
  }
  return {
    limits,
    noexec: sandbox?.workspace?.noexec ?? false,
    nestedUserns: sandbox?.nested_userns ?? false,
    devices: sandbox?.devices ?? [],
    protect: [...(repository?.protect(names) ?? names), ...(policyName === null ? [] : [policyName])],
  };
}

/** `Object.entries` forgets the names of a constant table. */
function entriesOf<Key extends string, Value>(table: Readonly<Record<Key, Value>>): [Key, Value][] {
  return Object.entries(table) as [Key, Value][];
}
