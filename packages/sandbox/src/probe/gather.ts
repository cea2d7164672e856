/** Reads this host's facts by trying: system calls one by one, then a whole trial sandbox that connects to the outside. */
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { arch, release, tmpdir } from "node:os";
import { join } from "node:path";
import { attachControl } from "../control.ts";
import { deviceFiles } from "../devices.ts";
import { LaunchError } from "../errors.ts";
import { launcherPath } from "../launcher.ts";
import { attachNetwork } from "../network.ts";
import { launchSandbox } from "../start.ts";
import { FACT_FILES, FACT_PLACES, FACT_VARIABLES, type HostFacts, type Trial } from "./facts.ts";

const TRIAL_TIMEOUT_MS = 10_000;
/** From the documentation range (RFC 5737): nothing there could answer but the trial's own listener. */
const FAR_ADDRESS = "203.0.113.7";
const FAR_PORT = 7;
const INSIDE_LAUNCHER = "/run/creel-launch";
const TRIAL_MEMORY_BYTES = 64 * 1024 * 1024;
/** Enough not to slow the trial down. */
const TRIAL_CPUS = 1;
/** A file that somebody made endless must not stop the probe. */
const FILE_CHARS_MAX = 8192;

export async function gatherFacts(environment: Readonly<Record<string, string | undefined>>): Promise<HostFacts> {
  const { calls, failed } = askLauncher();
  const files: Record<string, string | null> = {};
  for (const path of FACT_FILES) files[path] = read(path);
  for (const path of FACT_PLACES) files[path] = existsSync(path) ? "" : null;
  return {
    kernel: release(),
    arch: arch(),
    uid: process.getuid?.() ?? 0,
    calls,
    callsFailed: failed,
    trial: await tryLaunch(),
    files,
    variables: FACT_VARIABLES.filter((name) => environment[name] !== undefined),
    devices: deviceFiles(["gpu"]).map((path) => ({ path, usable: isUsable(path) })),
  };
}

function read(path: string): string | null {
  try {
    return readFileSync(path, "utf8").slice(0, FILE_CHARS_MAX).trim();
  } catch {
    return null;
  }
}

function isUsable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function askLauncher(): { calls: Record<string, number>; failed: string | null } {
  const calls: Record<string, number> = {};
  try {
    const result = spawnSync(launcherPath(), ["probe"], { encoding: "utf8", env: {}, timeout: TRIAL_TIMEOUT_MS });
    for (const line of (result.stdout ?? "").split("\n")) {
      const [name, value] = line.split("=");
      if (name && value) calls[name] = Number(value);
    }
    const said =
      result.error?.message ?? (result.status === 0 ? null : `it ended with ${result.signal ?? result.status}`);
    return { calls, failed: said };
  } catch (error) {
    return { calls, failed: error instanceof Error ? error.message : String(error) };
  }
}

async function tryLaunch(): Promise<Trial> {
  const base = mkdtempSync(join(tmpdir(), "creel-probe-"));
  const runDir = join(base, "run");
  const stateDir = join(base, "state");
  const trial: Trial = { failed: null, steered: false, identified: false, memoryLimited: false, cpuLimited: false };
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
      limits: { memoryBytes: TRIAL_MEMORY_BYTES, cpus: TRIAL_CPUS },
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
  const control = await attachControl({ runDir });
  const status = await control.status();
  trial.memoryLimited = status?.memoryLimited ?? false;
  trial.cpuLimited = status?.limits.some(({ name, by }) => name === "cpus" && by === "cgroup") ?? false;
  control.close();
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
