/** The sandbox itself: bounds that rise or fall, and what it is made of. */
import type { Policy, SandboxLimits, SandboxSection } from "../model.ts";
import { same, setting } from "./setting.ts";
import type { RiskGrade, SettingChange } from "./types.ts";
import { listed } from "./words.ts";

export function compareSandbox(before: Policy, after: Policy): SettingChange[] {
  const [a, b] = [before.sandbox ?? {}, after.sandbox ?? {}];
  return [
    ...compareLimits(a.limits ?? {}, b.limits ?? {}),
    ...compareDevices(a.devices ?? [], b.devices ?? []),
    ...SWITCHES.flatMap((one) => compareSwitch(one, a, b)),
    ...compareProtected(a.workspace?.protect, b.workspace?.protect),
  ];
}

/** Each bound, with what it bounds. */
const LIMITS: Readonly<Record<keyof SandboxLimits, string>> = {
  memory_bytes: "bytes of memory",
  processes: "processes",
  cpus: "cores",
  open_files: "open files of a process",
  tmp_bytes: "bytes of temporary files",
  workspace_bytes: "bytes in the workspace",
  workspace_files: "files in the workspace",
  connections: "open connections",
  bytes_per_second: "bytes per second",
  requests_per_minute: "requests per minute",
  lifetime_seconds: "seconds of life",
  idle_seconds: "idle seconds",
};
const isLimit = (key: string): key is keyof SandboxLimits => Object.hasOwn(LIMITS, key);

function compareLimits(before: SandboxLimits, after: SandboxLimits): SettingChange[] {
  return Object.keys(LIMITS)
    .filter(isLimit)
    .flatMap((key) => {
      const [own, next] = [before[key], after[key]];
      if (own === next) return [];
      const widens = (next ?? Number.POSITIVE_INFINITY) > (own ?? Number.POSITIVE_INFINITY);
      const words = next === undefined ? "as many" : `at most ${next}`;
      return [
        setting({
          field: `sandbox.limits.${key}`,
          effect: widens ? "widens" : "narrows",
          before: own,
          after: next,
          grade: !widens ? "low" : next === undefined ? "medium" : "low",
          reason: widens
            ? "One sandbox can take more from its neighbours on the host."
            : "A sandbox that needs more is slowed down or ended.",
          sentence: `The sandbox may use ${words} ${LIMITS[key]}${next === undefined ? " as the host allows" : ""}.`,
        }),
      ];
    });
}

function compareDevices(before: readonly string[], after: readonly string[]): SettingChange[] {
  const gained = after.filter((device) => !before.includes(device));
  const lost = before.filter((device) => !after.includes(device));
  const change = (devices: readonly string[], effect: "widens" | "narrows"): SettingChange[] =>
    devices.length === 0
      ? []
      : [
          setting({
            field: "sandbox.devices",
            effect,
            before,
            after,
            grade: effect === "widens" ? "high" : "low",
            reason:
              effect === "widens"
                ? "A device's driver is part of the kernel and is now within the agent's reach; memory of a device may hold what others left there."
                : "An agent that relied on the device will fail.",
            sentence: `The agent may ${effect === "widens" ? "newly" : "no longer"} use ${listed(devices)}.`,
          }),
        ];
  return [...change(gained, "widens"), ...change(lost, "narrows")];
}

interface Switch {
  field: string;
  /** Is the wider of the two settings chosen? */
  isWide(section: SandboxSection): boolean;
  grade: RiskGrade;
  reason: string;
  wide: string;
  narrow: string;
}
const SWITCHES: readonly Switch[] = [
  {
    field: "sandbox.nested_userns",
    isWide: (section) => section.nested_userns === true,
    grade: "high",
    reason: "Most ways by which a program became root of a Linux host began with a user namespace.",
    wide: "The agent may make user namespaces of its own.",
    narrow: "The agent may no longer make user namespaces; a sandbox that it brings along will fail.",
  },
  {
    field: "sandbox.writable_libraries",
    isWide: (section) => section.writable_libraries === "allow",
    grade: "high",
    reason: "An agent can load its own code into a program that is named, and ask in its name.",
    wide: "A program keeps its name whatever library it has loaded.",
    narrow: "A program that loads a library the agent can write is no longer allowed what its name is.",
  },
  {
    field: "sandbox.workspace.noexec",
    isWide: (section) => section.workspace?.noexec !== true,
    grade: "medium",
    reason: "What the agent wrote or fetched can be run.",
    wide: "Files that the agent can write may be executed.",
    narrow: "Files that the agent can write may no longer be executed; tools installed in the workspace will fail.",
  },
  {
    field: "sandbox.on_invalid_policy",
    isWide: (section) => section.on_invalid_policy !== "quarantine",
    grade: "low",
    reason: "The version in force stays in force, as it was reviewed.",
    wide: "A version that a node cannot read leaves the sandbox running under the one before.",
    narrow: "A version that a node cannot read stops the sandbox and holds it.",
  },
];

function compareSwitch(one: Switch, before: SandboxSection, after: SandboxSection): SettingChange[] {
  const [a, b] = [one.isWide(before), one.isWide(after)];
  if (a === b) return [];
  return [
    setting({
      field: one.field,
      effect: b ? "widens" : "narrows",
      before: a ? one.wide : one.narrow,
      after: b ? one.wide : one.narrow,
      grade: b ? one.grade : "low",
      reason: b ? one.reason : "The sandbox is stricter; an agent that relied on it may fail.",
      sentence: b ? one.wide : one.narrow,
    }),
  ];
}

/** Undefined is the built-in list, which a node knows and this file does not name. */
function compareProtected(
  before: readonly string[] | undefined,
  after: readonly string[] | undefined,
): SettingChange[] {
  if (same(before, after)) return [];
  const gone = before?.filter((name) => after?.includes(name) === false) ?? [];
  const added = after?.filter((name) => before?.includes(name) === false) ?? [];
  const known = before !== undefined && after !== undefined;
  const narrows = known && gone.length === 0;
  const words = after === undefined ? "the built-in list" : after.length === 0 ? "none" : listed(after);
  return [
    setting({
      field: "sandbox.workspace.protect",
      effect: narrows ? "narrows" : added.length === 0 || !known ? "widens" : "changes",
      before,
      after,
      grade: narrows ? "low" : "high",
      reason: narrows
        ? "The agent can no longer change these names."
        : "What the agent writes there is run or obeyed by programs outside of the sandbox.",
      sentence: `Protected names in the workspace: ${words}.`,
    }),
  ];
}
