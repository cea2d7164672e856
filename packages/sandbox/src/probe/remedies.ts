/** What a person can do about a missing layer on this very host, with the commands. Pure. */
import { LaunchError } from "../errors.ts";
import { environmentOf } from "./environment.ts";
import type { HostFacts } from "./facts.ts";

const EPERM = 1;
const ENOSPC = 28;
const EUSERS = 87;

const fact = (facts: HostFacts, path: string): string => facts.files[path] ?? "";

const DOCKER =
  "start the container with --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined (namespaces, an unmasked /proc), or run Creel on the host itself";
const PODMAN =
  "start the container with --security-opt seccomp=unconfined --security-opt unmask=ALL --security-opt label=disable";
const KUBERNETES =
  "give the pod securityContext {seccompProfile: {type: Unconfined}, appArmorProfile: {type: Unconfined}, procMount: Unmasked} with hostUsers: false; a PodSecurity level below `privileged` forbids these";

/** The knob of this host that forbids user namespaces, named with the command that turns it. */
function usernsKnob(facts: HostFacts, errno: number): string | null {
  if (fact(facts, "/proc/sys/user/max_user_namespaces") === "0" || errno === ENOSPC || errno === EUSERS)
    return "user.max_user_namespaces is 0 or used up here: sudo sysctl -w user.max_user_namespaces=15000 (and in /etc/sysctl.d/ to keep it).";
  if (fact(facts, "/proc/sys/kernel/unprivileged_userns_clone") === "0" && facts.uid !== 0)
    return "Debian's switch is off: sudo sysctl -w kernel.unprivileged_userns_clone=1 (and in /etc/sysctl.d/ to keep it).";
  return null;
}

const restrictsByAppArmor = (facts: HostFacts): boolean =>
  fact(facts, "/proc/sys/kernel/apparmor_restrict_unprivileged_userns") === "1" && facts.uid !== 0;

const APPARMOR =
  "This host's AppArmor forbids unprivileged user namespaces (Ubuntu 23.10 and newer). Allow them for creel-launch alone: sudo cp infra/apparmor/creel-launch /etc/apparmor.d/ && sudo apparmor_parser -r /etc/apparmor.d/creel-launch (its path stands in the file).";

/** For user namespaces and everything that is made inside of one. */
export function namespaceRemedy(facts: HostFacts, errno: number): string {
  const knob = usernsKnob(facts, errno);
  if (knob !== null) return knob;
  if (restrictsByAppArmor(facts)) return APPARMOR;
  const { kind } = environmentOf(facts);
  if (kind === "kubernetes") return `This is a Kubernetes pod: ${KUBERNETES}.`;
  if (kind === "podman") return `This is a Podman container: ${PODMAN}.`;
  if (kind === "docker" || kind === "container") return `This is a container: ${DOCKER}.`;
  if (kind === "nspawn")
    return "This is a systemd-nspawn container: start it with --private-users=no --system-call-filter='@mount unshare clone clone3'.";
  if (kind === "lxc")
    return "This is an LXC container: set lxc.include=/usr/share/lxc/config/nesting.conf (Proxmox: features: nesting=1,keyctl=1).";
  if (kind === "wsl1") return "WSL1 has no Linux kernel. Convert the distribution: wsl --set-version <name> 2.";
  if (kind === "gvisor")
    return "gVisor answers for the kernel here and lacks what a sandbox is made of; run Creel beside it, not in it.";
  if (errno === EPERM)
    return "Something above forbids user namespaces (a seccomp filter around this process, SELinux or AppArmor); the kernel log names it: journalctl -k | grep -i denied.";
  return "The kernel needs CONFIG_USER_NS, CONFIG_NET_NS, CONFIG_PID_NS and CONFIG_IPC_NS.";
}

/** For the rules that steer every connection to the gateway. */
export function steeringRemedy(facts: HostFacts): string {
  const { kind } = environmentOf(facts);
  const config = "CONFIG_NF_TABLES, CONFIG_NF_TABLES_IPV4, CONFIG_NFT_TPROXY and CONFIG_NFT_REJECT_IPV4";
  if (kind === "wsl2")
    return `Update WSL (wsl --update; 5.15.150 and newer have the modules), then sudo modprobe nft_tproxy nft_reject_ipv4. An older kernel of one's own needs ${config}.`;
  if (kind === "gvisor") return "gVisor has no nftables; run Creel beside it, not in it.";
  const outside = kind === "host" || kind === "wsl1" ? "" : "On the host, not in the container: ";
  return `${outside}sudo modprobe -a nf_tables nft_tproxy nft_reject_ipv4 (and their names in /etc/modules-load.d/creel.conf to keep them). A kernel without modules needs ${config}.`;
}

export function procRemedy(facts: HostFacts): string {
  const { kind } = environmentOf(facts);
  if (kind === "kubernetes") return `/proc is locked down in this pod: ${KUBERNETES}.`;
  if (kind === "podman") return `/proc is locked down in this container: ${PODMAN}.`;
  if (kind !== "host") return `/proc is locked down in this container: ${DOCKER}.`;
  return "Mount /proc without subset= and hidepid= for this user: the kernel lets nobody mount a fresh one beneath a /proc that hides something.";
}

/** For ids of a new user namespace that could not be written. */
export const mapRemedy = (facts: HostFacts): string =>
  (facts.files["/proc/self/ns/user"] ?? null) === null
    ? procRemedy(facts)
    : (narrowRootRemedy(facts) ?? namespaceRemedy(facts, EPERM));

/** Root in a user namespace that maps few ids (a rootless container, `unshare -r`) cannot hand over to another id, as real root does. */
export function narrowRootRemedy(facts: HostFacts): string | null {
  const map = fact(facts, "/proc/self/uid_map").split(/\s+/);
  const wide = map[0] === "0" && Number(map[2]) > 65_534;
  if (facts.uid !== 0 || map.length < 3 || wide) return null;
  return "This is root of a user namespace that maps too few ids. Run it as an ordinary user instead: nothing here needs root.";
}

export function landlockRemedy(facts: HostFacts): string {
  const lsm = fact(facts, "/sys/kernel/security/lsm");
  if (lsm !== "" && !lsm.includes("landlock"))
    return `This kernel has Security Modules ${lsm}. Boot it with lsm=landlock,${lsm} (GRUB_CMDLINE_LINUX in /etc/default/grub, then update-grub).`;
  if (environmentOf(facts).kind !== "host")
    return "Run Linux 6.12 or newer on the host, and a container engine whose seccomp profile knows Landlock (Docker 23, Podman 4).";
  return "Run Linux 6.12 or newer with CONFIG_SECURITY_LANDLOCK and landlock in the LSM list.";
}

/** For a limit that only a control group with this controller holds. */
export function groupRemedy(facts: HostFacts, controller: "memory" | "cpu"): string {
  const unified = facts.files["/sys/fs/cgroup/cgroup.controllers"] ?? null;
  if (environmentOf(facts).kind !== "host")
    return "Give the container a writable control group (--cgroupns=private with a writable /sys/fs/cgroup), or limit the container itself.";
  if (unified !== null && !unified.split(/\s+/).includes(controller)) {
    const enable = controller === "memory" ? "boot with cgroup_enable=memory, or" : "boot";
    return `The control groups of this host have no ${controller} controller: ${enable} without systemd.unified_cgroup_hierarchy=hybrid.`;
  }
  return "Start it in a group of its own: systemd-run --user --scope -p Delegate=yes creel run …; the node's service has Delegate=yes.";
}

/** For a pty that could not be made. */
export const ptyRemedy = (errno: number | undefined): string =>
  errno === ENOSPC
    ? "All ptys of this host are in use: sudo sysctl -w kernel.pty.max=8192 (and in /etc/sysctl.d/ to keep it)."
    : "The kernel needs CONFIG_UNIX98_PTYS, and whatever confines this process must let it mount devpts in a namespace of its own.";

/** The usual remedy of a layer that a trial launch named. */
export const usualRemedy = (layer: string): string => new LaunchError({ layer, message: "" }).remedy;
