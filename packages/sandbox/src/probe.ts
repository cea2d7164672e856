import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { arch, release, tmpdir } from "node:os";
import { join } from "node:path";
import { attachControl } from "./control.ts";
import { LaunchError } from "./errors.ts";
import { launcherPath } from "./launcher.ts";
import { attachNetwork } from "./network.ts";
import { launchSandbox } from "./start.ts";

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

const TRIAL_TIMEOUT_MS = 10_000;
/** From the documentation range (RFC 5737): nothing there could answer but the trial's own listener. */
const FAR_ADDRESS = "203.0.113.7";
const FAR_PORT = 7;
const INSIDE_LAUNCHER = "/run/creel-launch";
const LANDLOCK_ABI_FULL = 6;
const LANDLOCK_ABI_FOR_TRUNCATE = 3;

/** What a trial launch showed: the layer that stopped it, or what the knock from inside met. */
interface Trial {
  failed: { layer: string; message: string; remedy: string } | null;
  steered: boolean;
  identified: boolean;
}

/** Tries every layer for real: system calls one by one, then a whole trial sandbox that connects to the outside. */
export async function probeHost(): Promise<HostCapabilities> {
  const facts = readFacts();
  const trial = await tryLaunch();
  const landlockAbi = facts.get("landlock_abi") ?? 0;
  const layers = [
    byFact("userns", "User namespace", facts.get("userns"), "runs without any right of the host"),
    byFact("netns", "Network namespace", facts.get("netns"), "own network with nothing in it but the gateway"),
    byFact("mountns", "Mount namespace", facts.get("mountns") || facts.get("mount_api"), "own minimal read-only root"),
    byFact(
      "pidns",
      "PID, IPC, UTS and cgroup namespaces",
      facts.get("pidns"),
      "sees and signals only its own processes",
    ),
    byTrial(
      trial,
      "tproxy",
      "Transparent egress",
      trial.steered,
      "every TCP connection of every program ends at the gateway",
    ),
    landlock(landlockAbi),
    byTrial(
      trial,
      "seccomp",
      "System call filter",
      trial.failed === null,
      "kernel surface an agent never needs is refused",
    ),
    byTrial(
      trial,
      "identity",
      "Identity at connect",
      trial.identified,
      "the program behind a connection is known at connect()",
    ),
    byTrial(
      trial,
      "limits",
      "Resource limits",
      trial.failed === null,
      "processes, open files, temporary space and log are capped",
    ),
    memory(),
    launcher(),
  ];
  return { kernel: release(), arch: arch(), landlockAbi, layers };
}

function readFacts(): Map<string, number> {
  const result = spawnSync(launcherPath(), ["probe"], { encoding: "utf8", env: {}, timeout: TRIAL_TIMEOUT_MS });
  const facts = new Map<string, number>();
  for (const line of (result.stdout ?? "").split("\n")) {
    const [name, value] = line.split("=");
    if (name && value) facts.set(name, Number(value));
  }
  return facts;
}

async function tryLaunch(): Promise<Trial> {
  const base = mkdtempSync(join(tmpdir(), "creel-probe-"));
  const runDir = join(base, "run");
  const stateDir = join(base, "state");
  const trial: Trial = { failed: null, steered: false, identified: false };
  try {
    mkdirSync(runDir, { mode: 0o700 });
    mkdirSync(stateDir, { mode: 0o700 });
    await launchSandbox({
      id: "probe",
      runDir,
      stateDir,
      cwd: "/",
      command: [INSIDE_LAUNCHER, "knock", FAR_ADDRESS, String(FAR_PORT)],
      mounts: [{ source: launcherPath(), target: INSIDE_LAUNCHER, mode: "ro" }],
    });
    await receiveKnock(runDir, trial);
  } catch (error) {
    const { layer, message, remedy } =
      error instanceof LaunchError ? error : new LaunchError({ layer: "init", message: String(error) });
    trial.failed = { layer, message, remedy };
  } finally {
    const control = await attachControl({ runDir }).catch(() => null);
    await control?.stop({ graceMs: 0 });
    control?.close();
    rmSync(base, { recursive: true, force: true });
  }
  return trial;
}

async function receiveKnock(runDir: string, trial: Trial): Promise<void> {
  const network = await attachNetwork({ runDir });
  try {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, TRIAL_TIMEOUT_MS);
      network.onGone(() => {
        clearTimeout(timer);
        resolve();
      });
      network.listener.on("connection", (socket) => {
        const { remoteAddress = "", remotePort = 0, localAddress = "", localPort = 0 } = socket;
        trial.steered = localAddress === FAR_ADDRESS && localPort === FAR_PORT;
        void network.who({ remoteAddress, remotePort, localAddress, localPort }).then((who) => {
          trial.identified = who?.path === INSIDE_LAUNCHER;
          socket.end("!");
        });
      });
    });
  } finally {
    network.close();
  }
}

function byFact(id: string, title: string, errno: number | undefined, detail: string): Capability {
  if (errno === 0) return { id, title, state: "enforced", detail, remedy: null };
  const { remedy } = new LaunchError({ layer: id === "mountns" ? "root" : "userns", message: "" });
  return {
    id,
    title,
    state: "missing",
    detail: `the kernel answered error ${errno ?? "unknown"}`,
    remedy: remedy + onThisHost(),
  };
}

function byTrial(trial: Trial, id: string, title: string, works: boolean, detail: string): Capability {
  if (works) return { id, title, state: "enforced", detail, remedy: null };
  const failed =
    trial.failed ?? new LaunchError({ layer: id, message: "the trial sandbox ran, but this layer did not act" });
  return {
    id,
    title,
    state: "missing",
    detail: `trial sandbox: ${failed.layer}: ${failed.message}`.slice(0, 1000),
    remedy: failed.remedy + onThisHost(),
  };
}

function landlock(abi: number): Capability {
  const title = "Landlock";
  if (abi >= LANDLOCK_ABI_FULL) {
    return {
      id: "landlock",
      title,
      state: "enforced",
      detail: `ABI ${abi}: files, device control, signals, sockets`,
      remedy: null,
    };
  }
  const { remedy } = new LaunchError({ layer: "landlock", message: "" });
  if (abi === 0) {
    return { id: "landlock", title, state: "missing", detail: "mounts alone keep files apart", remedy };
  }
  const gap =
    abi < LANDLOCK_ABI_FOR_TRUNCATE
      ? "cannot stop truncation; hard_requirement refuses to start"
      : "no scopes for signals";
  return { id: "landlock", title, state: "weaker", detail: `ABI ${abi}: ${gap}`, remedy: "Run Linux 6.12 or newer." };
}

/** Without a cgroup of our own, memory has no sum limit: only temporary space and the process count are capped. */
function memory(): Capability {
  const base = { id: "memory", title: "Memory limit" };
  const writable = readFacts().get("cgroup_memory") === 1;
  if (writable)
    return { ...base, state: "enforced", detail: "a cgroup limits the sandbox's memory as a whole", remedy: null };
  return {
    ...base,
    state: "weaker",
    detail: "no cgroup with the memory controller is writable for this user; memory has no common limit",
    remedy: "Run the node under systemd with Delegate=yes, or as root.",
  };
}

function launcher(): Capability {
  const root = process.getuid?.() === 0;
  return {
    id: "rootless",
    title: "Launcher's own rights",
    state: root ? "weaker" : "enforced",
    detail: root
      ? "runs as root; agents run as the unprivileged host uid 65534"
      : "runs as an ordinary user; agents have no more",
    remedy: root ? "Run the node as an ordinary user: nothing here needs root." : null,
  };
}

/** A sentence on what most often stands in the way on this kind of host. */
function onThisHost(): string {
  const read = (path: string): string => {
    try {
      return readFileSync(path, "utf8").trim();
    } catch {
      return "";
    }
  };
  if (read("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") === "1") {
    return " This host restricts unprivileged user namespaces by AppArmor (Ubuntu).";
  }
  if (/microsoft/i.test(read("/proc/version")))
    return " This is WSL2: a custom kernel with nf_tables and tproxy is needed.";
  if (read("/proc/sys/kernel/unprivileged_userns_clone") === "0")
    return " sysctl kernel.unprivileged_userns_clone is 0 here.";
  if (read("/run/.containerenv") || /docker|kubepods|containerd/.test(read("/proc/1/cgroup")))
    return " This looks like a container.";
  return "";
}
