import { rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { installAgent } from "@creel/agents";
import { type EndCause, EXEC_OUTPUT_BYTES_MAX, type ExecRequest, type ExecResult } from "@creel/protocol";
import {
  attachControl,
  LaunchError,
  launchSandbox,
  readExit,
  type SandboxControl,
  type SandboxExit,
  type StopCause,
} from "@creel/sandbox";
import { z } from "zod";
import { readIfThere } from "../files.ts";
import type { GatewayLink } from "../gateway/link.ts";
import { KILL_SHIM_MS_MAX, STOP_GRACE_MS } from "../limits.ts";
import type { NodePaths } from "../paths.ts";
import { boundsFor, prepareSandbox } from "./prepare.ts";
import { ownDir, runRoot } from "./run-dirs.ts";
import type { RunningSandbox, SandboxEnd, SandboxRuntime } from "./runtime.ts";

const envSchema = z.object({ env: z.record(z.string(), z.string()) });

/** Sandboxes of this host, by creel-launch. */
export function createSandboxRuntime(options: {
  paths: NodePaths;
  agentsRoot: string;
  gateway: Pick<GatewayLink, "firstModel" | "model">;
}): SandboxRuntime {
  const { paths, gateway } = options;
  const root = runRoot(paths.dir);
  const runDir = (id: string): string => join(root, id);

  const lastEnd = async (id: string): Promise<SandboxEnd> => {
    const exit = await readExit(paths.sandbox(id).root);
    if (exit === null) return { exitCode: null, cause: "lost" };
    const { exitCode, signal } = exit;
    // As a shell counts: the wire has room for one number.
    return { exitCode: exitCode ?? (signal === null ? null : 128 + signal), cause: causeOf(exit) };
  };
  const attached = async (id: string): Promise<RunningSandbox | null> => {
    const control = await controlOf(runDir(id));
    const status = await control?.status();
    if (!control || !status) return null;
    return {
      pid: status.agentPid,
      startedAt: status.startedAt.toISOString(),
      exited: new Promise((resolve, reject) => control.onExit(() => lastEnd(id).then(resolve, reject))),
      exec: async (request) => await exec(control, await envOf(paths.sandbox(id).spec), request),
      outputBytes: async () => (await control.status())?.logBytes ?? 0,
      unheld: status.limits.filter(({ by }) => by === "none").map(({ name }) => name),
      outdated: status.outdated,
      stop: (cause) => control.stop({ graceMs: STOP_GRACE_MS, cause }),
      kill: (cause) => killOutright(control, { shimPid: status.shimPid, cause }),
      close: () => control.close(),
    };
  };

  return {
    runDir,
    lastEnd,
    bounds: boundsFor,
    attach: attached,
    async launch(desired, onStep) {
      const { id } = desired;
      // A host learns an agent when the first sandbox asks for it; a whole installation is only looked at.
      await installAgent(join(options.agentsRoot, ".."), desired.agent.plugin, onStep);
      // Agents are told of their model at the start, so the first launch waits until the gateway knows it.
      const model = gateway.model() ?? (await gateway.firstModel);
      const spec = await prepareSandbox({
        desired,
        paths: paths.sandbox(id),
        runDir: ownDir(runDir(id)),
        agentsRoot: options.agentsRoot,
        model,
      });
      const { agentPid } = await launchSandbox(spec);
      const running = await attached(id);
      if (running) return running;
      // It was faster than we: the shim has gone and left its record.
      const startedAt = new Date().toISOString();
      const over = async (): Promise<ExecResult> => Promise.reject(new Error("The sandbox has ended."));
      return {
        pid: agentPid,
        startedAt,
        exited: lastEnd(id),
        exec: over,
        outputBytes: async () => 0,
        unheld: [],
        outdated: false,
        stop: async () => undefined,
        kill: async () => undefined,
        close: () => undefined,
      };
    },
    async remove(id) {
      await rm(paths.sandbox(id).root, { recursive: true, force: true });
      rmSync(runDir(id), { recursive: true, force: true });
    },
  };
}

/** The control connection of a running sandbox; null when none runs there. Any other failure is thrown: it must not read as "not running". */
async function controlOf(runDir: string): Promise<SandboxControl | null> {
  try {
    return await attachControl({ runDir });
  } catch (error) {
    if (error instanceof LaunchError && error.layer === "control") return null;
    throw error;
  }
}

/** Everything inside ends with its first process; a shim that does not bring that about is ended itself, and the kernel does it then. */
async function killOutright(
  control: SandboxControl,
  { shimPid, cause }: { shimPid: number; cause: StopCause },
): Promise<void> {
  const ended = control.kill({ cause });
  let late: NodeJS.Timeout | undefined;
  const timeout = new Promise<"late">((resolve) => {
    late = setTimeout(resolve, KILL_SHIM_MS_MAX, "late");
  });
  // While it has not ended, its connection is open and the pid is its own.
  if ((await Promise.race([ended, timeout])) === "late") process.kill(shimPid, "SIGKILL");
  clearTimeout(late);
  await ended;
}

function causeOf({ cause, reason, exitCode }: SandboxExit): EndCause {
  if (cause !== undefined) return cause;
  if (reason === "exited") return exitCode === null ? "signal" : "exit";
  return reason;
}

async function envOf(specFile: string): Promise<Record<string, string>> {
  const text = await readIfThere(specFile);
  return text === null ? {} : envSchema.parse(JSON.parse(text)).env;
}

async function exec(control: SandboxControl, env: Record<string, string>, request: ExecRequest): Promise<ExecResult> {
  const { command, timeoutMs } = request;
  return await control.exec({ command, timeoutMs, env, outputBytesMax: EXEC_OUTPUT_BYTES_MAX });
}
