import { existsSync, lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { LaunchError } from "./errors.ts";

/**
 * Threat: a device file is the host's hardware or kernel itself: memory (`mem`, `kmsg`), disks, the network (`net/tun`),
 * virtual machines whose code no layer here sees (`kvm`), file systems of the agent's making (`fuse`), cameras and keyboards.
 * Invariant: only classes made for computing by unprivileged programs pass, each with its reason; all others are refused by
 * not being here. The driver behind them is kernel surface all the same, so a policy has to ask for it.
 */
const CLASSES: readonly { pattern: RegExp; reason: string }[] = [
  { pattern: /^\/dev\/nvidia\d{1,3}$/, reason: "one NVIDIA GPU" },
  { pattern: /^\/dev\/nvidiactl$/, reason: "NVIDIA's control node, without which no GPU opens" },
  { pattern: /^\/dev\/nvidia-uvm(-tools)?$/, reason: "CUDA's shared memory and its profiler" },
  { pattern: /^\/dev\/nvidia-caps\/nvidia-cap\d{1,5}$/, reason: "a slice of a GPU (MIG)" },
  {
    pattern: /^\/dev\/dri\/renderD\d{1,3}$/,
    reason: "rendering and computing without a display; card nodes drive screens",
  },
  { pattern: /^\/dev\/kfd$/, reason: "AMD's compute queues" },
  { pattern: /^\/dev\/accel\/accel\d{1,3}$/, reason: "a compute accelerator (NPU)" },
  { pattern: /^\/dev\/dxg$/, reason: "the GPU of a Windows host, in WSL2" },
];
const GPU_FOLDERS = ["/dev", "/dev/dri", "/dev/nvidia-caps"];

const allowed = (path: string): boolean => CLASSES.some(({ pattern }) => pattern.test(path));

/** Every compute device of this host. */
function gpuDevices(): string[] {
  const found = GPU_FOLDERS.flatMap((folder) =>
    existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [],
  );
  return found.filter((path) => allowed(path) && lstatSync(path).isCharacterDevice()).sort();
}

/** The device files a spec asks for; `gpu` stands for all compute devices, and for none where the host has none. Throws
 * LaunchError "devices" for a class that is not allowed and for a file that is not a device. */
export function deviceFiles(names: readonly string[]): string[] {
  const files = new Set<string>();
  for (const name of names) {
    for (const path of name === "gpu" ? gpuDevices() : [name]) {
      if (!allowed(path))
        throw new LaunchError({ layer: "devices", message: `${path} is not of a class that a sandbox may hold` });
      if (lstatSync(path, { throwIfNoEntry: false })?.isCharacterDevice() !== true)
        throw new LaunchError({ layer: "devices", message: `${path} is not a device of this host` });
      files.add(path);
    }
  }
  return [...files];
}
