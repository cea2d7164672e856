export { attachControl, type SandboxControl, type ShimStatus } from "./control.ts";
export { LaunchError } from "./errors.ts";
export type { ExecOptions, ExecOutcome } from "./exec.ts";
export { launcherPath } from "./launcher.ts";
export { attachNetwork, type BinaryIdentity, type ConnectionTuple, type SandboxNetwork } from "./network.ts";
export { SANDBOX_HOME, SANDBOX_WORK, type SandboxSpec } from "./spec.ts";
export { launchSandbox, runSandbox, type SandboxProcess, type Started } from "./start.ts";
