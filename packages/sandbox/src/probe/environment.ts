/** Where this runs, told from several facts at once: no single file is there on every version of every engine. Pure. */
import type { HostFacts } from "./facts.ts";

export type EnvironmentKind =
  | "host"
  | "wsl2"
  | "wsl1"
  | "kubernetes"
  | "docker"
  | "podman"
  | "nspawn"
  | "lxc"
  | "container"
  | "gvisor";

export interface HostEnvironment {
  kind: EnvironmentKind;
  title: string;
  /** What said so, for whoever doubts it. */
  signs: string[];
}

const TITLES: Readonly<Record<EnvironmentKind, string>> = {
  host: "a host of its own, or a virtual machine",
  wsl2: "WSL2, Linux under Windows",
  wsl1: "WSL1, which has no Linux kernel",
  kubernetes: "a Kubernetes pod",
  docker: "a Docker container",
  podman: "a Podman container",
  nspawn: "a systemd-nspawn container",
  lxc: "an LXC container",
  container: "a container",
  gvisor: "a gVisor sandbox",
};

interface Sign {
  kind: EnvironmentKind;
  says: string;
  holds(facts: HostFacts): boolean;
}

const file = (facts: HostFacts, path: string): string => facts.files[path] ?? "";
const there = (path: string) => (facts: HostFacts) => (facts.files[path] ?? null) !== null;
const inCgroup = (pattern: RegExp) => (facts: HostFacts) => pattern.test(file(facts, "/proc/1/cgroup"));
/** Written by systemd and by engines into the container. */
const managedBy = (name: string) => (facts: HostFacts) =>
  [file(facts, "/run/systemd/container"), file(facts, "/run/host/container-manager")].includes(name);

/** The most telling first: a pod is also a container, and its runtime leaves marks of its own. */
const SIGNS: readonly Sign[] = [
  { kind: "gvisor", says: "the kernel calls itself gVisor", holds: (f) => /gvisor/i.test(file(f, "/proc/version")) },
  {
    kind: "kubernetes",
    says: "KUBERNETES_SERVICE_HOST is set",
    holds: (f) => f.variables.includes("KUBERNETES_SERVICE_HOST"),
  },
  { kind: "kubernetes", says: "process 1 is in a kubepods group", holds: inCgroup(/kubepods/) },
  { kind: "podman", says: "/run/.containerenv is there", holds: there("/run/.containerenv") },
  { kind: "podman", says: "process 1 is in a libpod group", holds: inCgroup(/libpod/) },
  { kind: "podman", says: "the container's manager is podman", holds: managedBy("podman") },
  { kind: "docker", says: "/.dockerenv is there", holds: there("/.dockerenv") },
  { kind: "docker", says: "process 1 is in a docker group", holds: inCgroup(/\/docker[/-]/) },
  { kind: "docker", says: "the container's manager is docker", holds: managedBy("docker") },
  { kind: "nspawn", says: "the container's manager is systemd-nspawn", holds: managedBy("systemd-nspawn") },
  { kind: "lxc", says: "process 1 is in an lxc group", holds: inCgroup(/\/lxc[./]/) },
  { kind: "lxc", says: "the container's manager is lxc", holds: managedBy("lxc") },
  {
    kind: "container",
    says: "the variable `container` is set",
    holds: (f) => f.variables.includes("container"),
  },
  { kind: "container", says: "process 1 is in a containerd group", holds: inCgroup(/containerd/) },
  {
    kind: "wsl2",
    says: "the kernel is Microsoft's for WSL2",
    holds: (f) => /microsoft-standard/i.test(`${file(f, "/proc/version")} ${f.kernel}`),
  },
  {
    kind: "wsl1",
    says: "the kernel calls itself Microsoft",
    holds: (f) => /-Microsoft\b/.test(`${file(f, "/proc/version")} ${f.kernel}`),
  },
];

export function environmentOf(facts: HostFacts): HostEnvironment {
  const held = SIGNS.filter((sign) => sign.holds(facts));
  const kind = held[0]?.kind ?? "host";
  return { kind, title: TITLES[kind], signs: held.filter((sign) => sign.kind === kind).map(({ says }) => says) };
}
