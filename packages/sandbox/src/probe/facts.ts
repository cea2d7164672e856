/** What is known of a host, as plain data: read by `gather.ts`, judged by `report.ts`, recorded for hosts that we do not have. */

/** What a trial launch showed: the layer that stopped it, or what the knock from inside met. */
export interface Trial {
  failed: { layer: string; message: string; remedy: string } | null;
  steered: boolean;
  identified: boolean;
  /** Whether the kernel itself held the memory limit that the trial asked for. */
  memoryLimited: boolean;
  /** The same for processor time. */
  cpuLimited: boolean;
}

export interface HostFacts {
  kernel: string;
  arch: string;
  uid: number;
  /** What `creel-launch probe` said: 0 for what works, an errno for what does not. */
  calls: Readonly<Record<string, number>>;
  /** Why it said nothing; null when it ran. */
  callsFailed: string | null;
  trial: Trial;
  /** Contents of the files in `FACT_FILES`; null for one that is not there or cannot be read. */
  files: Readonly<Record<string, string | null>>;
  /** Marks of the environment: variables that are set, of those in `FACT_VARIABLES`. */
  variables: readonly string[];
  /** Compute devices that are there, and whether this user can open them. */
  devices: readonly { path: string; usable: boolean }[];
}

export const FACT_FILES = [
  "/proc/version",
  "/proc/1/cgroup",
  "/proc/1/comm",
  "/proc/self/uid_map",
  "/proc/sys/user/max_user_namespaces",
  "/proc/sys/kernel/unprivileged_userns_clone",
  "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
  "/proc/sys/vm/memfd_noexec",
  "/run/.containerenv",
  "/run/systemd/container",
  "/run/host/container-manager",
  "/sys/fs/cgroup/cgroup.controllers",
  "/sys/kernel/security/lsm",
] as const;
/** Only their being there matters. */
export const FACT_PLACES = ["/.dockerenv", "/proc/self/ns/user", "/dev/pts/ptmx", "/run/systemd/system"] as const;
export const FACT_VARIABLES = ["KUBERNETES_SERVICE_HOST", "container", "WSL_DISTRO_NAME"] as const;
