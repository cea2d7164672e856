/** A sandbox could not be started or reached: which layer said no, what it said, and what a person can do about it. */
export class LaunchError extends Error {
  readonly layer: string;
  readonly remedy: string;

  constructor({ layer, message, remedy }: { layer: string; message: string; remedy?: string }) {
    super(message);
    this.name = "LaunchError";
    this.layer = layer;
    this.remedy = remedy ?? remedyFor(layer);
  }
}

const REMEDIES: Readonly<Record<string, string>> = {
  spec: "Correct the named field of the sandbox's definition.",
  launcher: "Build the launcher: node packages/sandbox/build.mjs (needs a C compiler).",
  userns:
    "Allow unprivileged user namespaces. Ubuntu 23.10 or newer: install an AppArmor profile with `userns,` for creel-launch, or sysctl kernel.apparmor_restrict_unprivileged_userns=0. In a container: run it privileged or with a seccomp profile that allows clone and mount.",
  network: "Load the modules for network namespaces; inside a container allow CLONE_NEWNET and netlink.",
  tproxy: "The kernel needs CONFIG_NF_TABLES and CONFIG_NFT_TPROXY (modules nf_tables, nft_tproxy, nft_reject_ipv4).",
  root: "Check that every mount source exists and that this user may read it.",
  limits: "Lower the limit, or raise this user's hard limit (ulimit -H).",
  capabilities: "The kernel refused to drop rights; run on Linux 5.13 or newer.",
  landlock: "Boot with landlock in the LSM list (lsm=landlock,…) and CONFIG_SECURITY_LANDLOCK, or use best_effort.",
  seccomp: "The kernel needs CONFIG_SECCOMP_FILTER with user notification (Linux 5.9 or newer).",
  exec: "Check that the command exists inside the sandbox: on PATH, or mounted.",
  control: "Stop the sandbox that runs there, or give this one its own directory with mode 0700.",
  terminal: "The kernel needs devpts instances (CONFIG_UNIX98_PTYS, Linux 4.13 or newer); or run without a terminal.",
  devices:
    "Name `gpu`, or /dev/nvidia*, /dev/dri/renderD*, /dev/kfd, /dev/accel/*, /dev/dxg; this user must be able to open it.",
  protect:
    "Make the protected name an ordinary file or directory of the workspace, or set the policy's sandbox.workspace.protect to a list without it.",
  log: "Make the state directory writable for this user.",
  relay: "This Node version cannot take sockets from the launcher; use Node 20 to 24.",
  init: "Run `creel doctor` to see which layer of this host fails.",
};

const remedyFor = (layer: string): string =>
  REMEDIES[layer] ?? "Run `creel doctor` to see which layer of this host fails.";
