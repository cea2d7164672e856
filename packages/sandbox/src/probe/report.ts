/** From the facts of a host to what each layer is worth there. Pure: hosts that we do not have are tried from recorded facts. */
import { environmentOf, type HostEnvironment } from "./environment.ts";
import type { HostFacts } from "./facts.ts";
import {
  groupRemedy,
  landlockRemedy,
  mapRemedy,
  namespaceRemedy,
  narrowRootRemedy,
  procRemedy,
  ptyRemedy,
  steeringRemedy,
  usualRemedy,
} from "./remedies.ts";

/** One layer of confinement on this host; the shape of protocol's `capabilitySchema`. */
export interface Capability {
  id: string;
  title: string;
  state: "enforced" | "weaker" | "missing";
  detail: string;
  remedy: string | null;
}

/** The shape of protocol's `hostCapabilitiesSchema`. */
export interface HostCapabilities {
  kernel: string;
  arch: string;
  landlockAbi: number;
  layers: Capability[];
}

export interface HostReport extends HostCapabilities {
  environment: HostEnvironment;
  /** Whether a sandbox starts here at all. */
  ok: boolean;
}

/** Without any of these no sandbox starts; the others make it stronger. Landlock joins them where a policy says `hard_requirement`. */
const NEEDED: readonly string[] = [
  "launcher",
  "userns",
  "netns",
  "mountns",
  "pidns",
  "tproxy",
  "seccomp",
  "identity",
  "limits",
];

export const canConfine = ({ layers }: Pick<HostCapabilities, "layers">): boolean =>
  layers.every(({ id, state }) => state !== "missing" || !NEEDED.includes(id));

/** The protocol's bound on a sentence. */
const SENTENCE_CHARS_MAX = 1024;
const LANDLOCK_ABI_FULL = 6;
const LANDLOCK_ABI_HARD = 3;

export function reportHost(facts: HostFacts): HostReport {
  const layers = [
    ...launcher(facts),
    namespace(facts, { id: "userns", title: "User namespace", works: "runs without any right of the host" }),
    namespace(facts, {
      id: "netns",
      title: "Network namespace",
      works: "own network with nothing in it but the gateway",
    }),
    mounts(facts),
    namespace(facts, {
      id: "pidns",
      title: "PID, IPC, UTS and cgroup namespaces",
      works: "sees and signals only its own processes",
    }),
    steering(facts),
    landlock(facts),
    byTrial(facts, {
      id: "seccomp",
      title: "System call filter",
      works: "kernel surface an agent never needs is refused",
    }),
    byTrial(facts, {
      id: "identity",
      title: "Identity at connect",
      works: "the program behind a connection is known at connect()",
    }),
    byTrial(facts, {
      id: "limits",
      title: "Resource limits",
      works: "processes, open files, temporary space, workspace and log are capped",
    }),
    memory(facts),
    processorTime(facts),
    terminal(facts),
    memoryFiles(facts),
    ...mapped(facts),
    rights(facts),
    ...devices(facts),
  ].map(bounded);
  const report = { kernel: facts.kernel, arch: facts.arch, landlockAbi: abiOf(facts), layers };
  return { ...report, environment: environmentOf(facts), ok: canConfine(report) };
}

const bounded = (layer: Capability): Capability => ({
  ...layer,
  detail: layer.detail.slice(0, SENTENCE_CHARS_MAX),
  remedy: layer.remedy?.slice(0, SENTENCE_CHARS_MAX) ?? null,
});

interface Named {
  id: string;
  title: string;
  works: string;
}

const abiOf = ({ calls }: HostFacts): number => calls.landlock_abi ?? 0;
const enforced = ({ id, title, works }: Named): Capability => ({
  id,
  title,
  state: "enforced",
  detail: works,
  remedy: null,
});

/** Only shown when it is in the way. */
function launcher({ callsFailed }: HostFacts): Capability[] {
  if (callsFailed === null) return [];
  const detail = `creel-launch says nothing: ${callsFailed}`;
  return [{ id: "launcher", title: "Launcher", state: "missing", detail, remedy: usualRemedy("launcher") }];
}

const ERRNO_WORDS: Readonly<Record<number, string>> = {
  1: "not permitted",
  2: "not known to this kernel",
  13: "permission denied",
  22: "not known to this kernel",
  28: "no more allowed",
  38: "no such system call",
  87: "too many users",
  93: "not known to this kernel",
  95: "not supported",
  97: "not known to this kernel",
};
const words = (errno: number | undefined): string =>
  errno === undefined ? "the launcher could not try it" : `${ERRNO_WORDS[errno] ?? "refused"} (error ${errno})`;

function namespace(facts: HostFacts, named: Named): Capability {
  const errno = facts.calls[named.id];
  const { id, title } = named;
  const { failed } = facts.trial;
  // It can be made, and its ids cannot be written.
  if (errno === 0 && id === "userns" && failed?.layer === "userns")
    return { id, title, state: "missing", detail: failed.message, remedy: mapRemedy(facts) };
  if (errno === 0) return enforced(named);
  return { id, title, state: "missing", detail: words(errno), remedy: namespaceRemedy(facts, errno ?? 0) };
}

/** A namespace may be made and then be worth nothing: AppArmor takes its rights, an engine hides a part of /proc. */
function mounts(facts: HostFacts): Capability {
  const named = { id: "mountns", title: "Mount namespace", works: "own minimal read-only root" };
  const { mountns, userns_rights: rights, mount_api: api } = facts.calls;
  const missing = (detail: string, remedy: string): Capability => ({
    id: named.id,
    title: named.title,
    state: "missing",
    detail,
    remedy,
  });
  if (mountns !== 0) return missing(words(mountns), namespaceRemedy(facts, mountns ?? 0));
  if (rights !== undefined && rights !== 0)
    return missing(`it can be made, and nothing mounted in it: ${words(rights)}`, namespaceRemedy(facts, rights));
  if (api !== 0) return missing("the new mount calls are missing", "Run Linux 5.12 or newer.");
  const { failed } = facts.trial;
  if (failed?.layer === "root") {
    const proc = /proc/.test(failed.message);
    return missing(failed.message, proc ? procRemedy(facts) : (narrowRootRemedy(facts) ?? failed.remedy));
  }
  return enforced(named);
}

function steering(facts: HostFacts): Capability {
  const named = {
    id: "tproxy",
    title: "Transparent egress",
    works: "every TCP connection of every program ends at the gateway",
  };
  const { netfilter, nft_rules: rules, transparent } = facts.calls;
  const lacks = [
    ...(netfilter !== undefined && netfilter !== 0 ? [`no netfilter: ${words(netfilter)}`] : []),
    ...(netfilter === 0 && rules !== undefined && rules !== 0
      ? ["the kernel refuses the rules (nf_tables, nft_tproxy or nft_reject)"]
      : []),
    ...(transparent !== undefined && transparent !== 0 ? [`no transparent sockets: ${words(transparent)}`] : []),
  ];
  const { failed, steered } = facts.trial;
  if (lacks.length === 0 && steered) return enforced(named);
  const base = { id: named.id, title: named.title, state: "missing" as const };
  // Without a network namespace the rules were never tried; the reason stands there.
  if (facts.calls.netns !== 0)
    return { ...base, detail: "needs a network namespace", remedy: namespaceRemedy(facts, facts.calls.netns ?? 0) };
  if (lacks.length > 0 || failed?.layer === "tproxy")
    return { ...base, detail: lacks.join("; ") || (failed?.message ?? ""), remedy: steeringRemedy(facts) };
  return byTrial(facts, named);
}

/** What only the trial can show, or besides it one call that was tried by itself. */
function byTrial({ trial, calls }: HostFacts, named: Named): Capability {
  const acts = { identity: trial.identified, tproxy: trial.steered }[named.id] ?? true;
  const { failed } = trial;
  if (failed === null && acts) return enforced(named);
  if (failed !== null && failed.layer !== named.id && calls[named.id] === 0) return enforced(named);
  const base = { id: named.id, title: named.title, state: "missing" as const };
  if (failed === null) {
    const detail = "the trial sandbox ran, and this layer did not act in it";
    return { ...base, detail, remedy: usualRemedy(named.id) };
  }
  if (failed.layer === named.id)
    return { ...base, detail: `the trial sandbox failed here: ${failed.message}`, remedy: failed.remedy };
  const detail = `not tried: the trial sandbox ended before it, at ${failed.layer}: ${failed.message}`;
  return { ...base, detail, remedy: isTold(failed.layer) ? "First put right what is missing above." : failed.remedy };
}

/** Layers of a launch that have a line of their own in the report. */
const isTold = (layer: string): boolean =>
  ["userns", "network", "tproxy", "root", "seccomp", "landlock"].includes(layer);

/** What each version added; a lower one lacks it. */
const LANDLOCK_ADDS: readonly (readonly [abi: number, lacks: string])[] = [
  [2, "moving files between folders is wholly forbidden"],
  [3, "a read-only file can be emptied, unless its mount forbids it"],
  [5, "device control (ioctl) is not judged"],
  [6, "no scopes: signals and abstract sockets are kept apart by namespaces alone"],
];

function landlock(facts: HostFacts): Capability {
  const abi = abiOf(facts);
  const base = { id: "landlock", title: "Landlock" };
  if (abi >= LANDLOCK_ABI_FULL)
    return { ...base, state: "enforced", detail: `ABI ${abi}: files, device control, signals, sockets`, remedy: null };
  const remedy = landlockRemedy(facts);
  const hard =
    abi < LANDLOCK_ABI_HARD ? ". A policy with `landlock: {compatibility: hard_requirement}` does not start" : "";
  if (abi === 0)
    return {
      ...base,
      state: "missing",
      detail: `mounts alone keep files apart, and a policy's folders are not told apart${hard}`,
      remedy,
    };
  const lacks = LANDLOCK_ADDS.filter(([since]) => abi < since).map(([, what]) => what);
  return { ...base, state: "weaker", detail: `ABI ${abi}: ${lacks.join("; ")}${hard}`, remedy };
}

/** Without a cgroup the memory of all processes together is counted from outside, a moment late. */
function memory(facts: HostFacts): Capability {
  const base = { id: "memory", title: "Memory limit" };
  if (facts.trial.memoryLimited || (facts.trial.failed !== null && facts.calls.cgroup_memory === 1))
    return {
      ...base,
      state: "enforced",
      detail: "a control group limits the sandbox's memory as a whole",
      remedy: null,
    };
  return {
    ...base,
    state: "weaker",
    detail:
      "no control group with the memory controller is writable for this user; memory is counted from outside, a moment late",
    remedy: groupRemedy(facts, "memory"),
  };
}

/** Nobody but the kernel can slow a sandbox down. */
function processorTime(facts: HostFacts): Capability {
  const base = { id: "cpu", title: "CPU limit" };
  if (facts.trial.cpuLimited)
    return {
      ...base,
      state: "enforced",
      detail: "a control group keeps the sandbox within the cores of a policy",
      remedy: null,
    };
  const tried = facts.trial.failed === null;
  return {
    ...base,
    state: "weaker",
    detail: tried
      ? "no control group with the cpu controller is writable for this user; sandbox.limits.cpus slows nobody down"
      : "not tried: the trial sandbox did not start",
    remedy: tried ? groupRemedy(facts, "cpu") : "First put right what is missing above.",
  };
}

/** Without it commands run all the same, but `creel run` gives none to a person at a terminal. */
function terminal({ calls }: HostFacts): Capability {
  const base = { id: "terminal", title: "Terminal" };
  if (calls.pty === 0)
    return {
      ...base,
      state: "enforced",
      detail: "a pty of the sandbox's own; yours is never given inside",
      remedy: null,
    };
  return { ...base, state: "weaker", detail: `no pty can be made: ${words(calls.pty)}`, remedy: ptyRemedy(calls.pty) };
}

/** Programs that exist in memory only leave no file to name; identity at connect knows them all the same. */
function memoryFiles(facts: HostFacts): Capability {
  const base = { id: "memfd", title: "Programs without a file" };
  const knows = (facts.files["/proc/sys/vm/memfd_noexec"] ?? null) !== null;
  if (knows)
    return {
      ...base,
      state: "enforced",
      detail: "a policy with workspace.noexec keeps memory files from being run",
      remedy: null,
    };
  return {
    ...base,
    state: "weaker",
    detail: "this kernel cannot mark memory files as not executable; under workspace.noexec they cannot be made at all",
    remedy: "Run Linux 6.3 or newer.",
  };
}

/** Only a launcher that is root meets files of other owners. */
function mapped({ uid, calls }: HostFacts): Capability[] {
  if (uid !== 0 || calls.idmap === undefined) return [];
  const base = { id: "idmap", title: "Mapped owners" };
  if (calls.idmap === 0)
    return [{ ...base, state: "enforced", detail: "files of a workspace keep their owner on the host", remedy: null }];
  const remedy =
    "Run Linux 5.12 or newer with a file system that maps owners, or give the workspace to uid 65534 (chown).";
  return [{ ...base, state: "weaker", detail: `owners cannot be mapped here: ${words(calls.idmap)}`, remedy }];
}

function rights({ uid }: HostFacts): Capability {
  const root = uid === 0;
  return {
    id: "rootless",
    title: "Launcher's own rights",
    state: root ? "weaker" : "enforced",
    detail: root
      ? "runs as root; agents run as the unprivileged host uid 65534"
      : "runs as an ordinary user; agents have no more",
    remedy: root ? "Run it as an ordinary user: nothing here needs root." : null,
  };
}

/** A host without a GPU lacks no layer, so nothing is said of one. */
function devices(facts: HostFacts): Capability[] {
  if (facts.devices.length === 0) return [];
  const base = { id: "devices", title: "Compute devices" };
  const shut = facts.devices.filter(({ usable }) => !usable).map(({ path }) => path);
  const names = facts.devices.map(({ path }) => path).join(", ");
  if (shut.length === 0)
    return [{ ...base, state: "enforced", detail: `${names}: only for policies with sandbox.devices`, remedy: null }];
  const remedy = `Let this user open them (groups render, video): sudo usermod -aG render,video $USER, then sign in again.`;
  return [{ ...base, state: "weaker", detail: `this user cannot open ${shut.join(", ")}`, remedy }];
}
