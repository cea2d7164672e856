export {
  attachControl,
  type HeldLimit,
  type LimitName,
  type SandboxControl,
  type ShimStatus,
  type StopCause,
} from "./control.ts";
export { LaunchError } from "./errors.ts";
export type { ExecOptions, ExecOutcome } from "./exec.ts";
export { sentenceOfExit } from "./exitSentence.ts";
export { launcherPath } from "./launcher.ts";
export { attachNetwork, type BinaryIdentity, type ConnectionTuple, type SandboxNetwork } from "./network.ts";
export {
  type Capability,
  canConfine,
  type HostCapabilities,
  type HostEnvironment,
  type HostFacts,
  type HostReport,
  inspectHost,
  probeHost,
  reportHost,
} from "./probe.ts";
export { PROTECTED_NAMES } from "./protect.ts";
export { SANDBOX_HOME, SANDBOX_WORK, type SandboxSpec } from "./spec.ts";
export {
  launchSandbox,
  type RunOptions,
  runSandbox,
  type SandboxProcess,
  type Started,
  type TerminalSize,
} from "./start.ts";
export { type ExitCause, exitCauses, type LogChunk, readExit, readLog, type SandboxExit } from "./state.ts";
