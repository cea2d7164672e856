/**
 * Drives one sandbox towards what is desired, one step at a time. Threat: our own crash or a second start leaves two agents of one
 * sandbox, or one without a gateway's policy. Invariant: a launch happens only after an attach found nothing running; the status on
 * disk is written before a step that a crash could hide.
 */
import type { DesiredSandbox, ExecRequest, ExecResult, SandboxStatus } from "@creel/protocol";
import type { Logger } from "pino";
import { createBackoff } from "../backoff.ts";
import { reasonOf } from "../files.ts";
import { LAUNCH_RETRY_MS } from "../limits.ts";
import type { RunningSandbox, SandboxRuntime } from "./runtime.ts";
import { loadStatus, type SavedStatus, saveStatus } from "./status-file.ts";
import { type Action, nextAction, type Phase, phaseTransitions } from "./table.ts";

export interface InForce {
  digest: string;
  generation: number;
}
export interface WorkerHooks {
  /** Called when a sandbox runs, before it counts as running: the gateway serves it from here on. */
  serve(desired: DesiredSandbox): Promise<void>;
  drop(id: string): Promise<void>;
  /** The policy in force for it, as the status says. */
  inForce(id: string): InForce | null;
  onStatus(status: SandboxStatus): void;
  onRemoved(id: string): void;
}
export interface SandboxWorker {
  want(desired: DesiredSandbox | null): void;
  status(): SandboxStatus;
  exec(request: ExecRequest): Promise<ExecResult>;
  /** Lets go of the sandbox and leaves it running. */
  close(): Promise<void>;
}

export async function createWorker(options: {
  id: string;
  statusFile: string;
  desired: DesiredSandbox | null;
  runtime: SandboxRuntime;
  hooks: WorkerHooks;
  log: Logger;
  now: () => number;
}): Promise<SandboxWorker> {
  const { id, runtime, hooks, log, now } = options;
  const launchRetry = createBackoff(LAUNCH_RETRY_MS);
  let desired = options.desired;
  let saved: SavedStatus = await loadStatus(options.statusFile);
  let running: RunningSandbox | null = null;
  let notBeforeMs = 0;
  let stopping = false;
  let closed = false;
  let removed = false;
  let wake: () => void = () => undefined;
  let woken = false;
  let timer: NodeJS.Timeout | undefined;

  const status = (): SandboxStatus => ({
    id,
    phase: saved.phase,
    reason: saved.reason,
    incarnation: Math.max(0, saved.incarnation),
    pid: running?.pid ?? null,
    startedAt: saved.startedAt,
    exitCode: saved.exitCode,
    restarts: saved.restarts,
    policyDigest: running ? (hooks.inForce(id)?.digest ?? null) : null,
    generation: hooks.inForce(id)?.generation ?? 0,
  });
  const enter = async (phase: Phase, reason: string, change: Partial<SavedStatus> = {}): Promise<void> => {
    if (phase !== saved.phase && !phaseTransitions[saved.phase].includes(phase))
      throw new Error(`A sandbox cannot go from ${saved.phase} to ${phase}.`);
    saved = { ...saved, ...change, phase, reason };
    await saveStatus(options.statusFile, saved);
    if (!closed) hooks.onStatus(status());
    log.info({ phase, reason }, "sandbox");
  };
  const nudge = () => {
    woken = true;
    wake();
  };

  const watchExit = (sandbox: RunningSandbox) => {
    const ended = async (exitCode: number | null): Promise<void> => {
      if (closed || stopping || running !== sandbox) return;
      running = null;
      sandbox.close();
      await hooks.drop(id);
      await enter("exited", exitReason(exitCode), { exitCode });
      nudge();
    };
    sandbox.exited
      .then(ended)
      .catch((error: unknown) => log.error({ err: error }, "the end of a sandbox could not be recorded"));
  };

  const launch = async (): Promise<void> => {
    if (!desired) return;
    const wanted = desired;
    const fresh = wanted.incarnation !== saved.incarnation;
    const restarts =
      fresh || saved.phase === "stopped" ? 0 : saved.phase === "pending" ? saved.restarts : saved.restarts + 1;
    await enter("starting", "Preparing the sandbox.", {
      incarnation: wanted.incarnation,
      restarts,
      exitCode: null,
      startedAt: null,
    });
    try {
      const born = await runtime.launch(wanted, (text) => {
        enter("starting", text).catch((error: unknown) => log.error({ err: error }, "a step could not be recorded"));
      });
      running = born;
      await hooks.serve(wanted);
      launchRetry.reset();
      await enter("running", "The agent is running.", { startedAt: born.startedAt });
      watchExit(born);
    } catch (error) {
      const over = running && (await endedSoon(running));
      if (running && over) {
        // It ended before the gateway could serve it: that is an exit like any other.
        running.close();
        running = null;
        await hooks.drop(id);
        await enter("exited", exitReason(over.exitCode), { exitCode: over.exitCode });
        return;
      }
      // A sandbox that runs unserved is cut off from everything, and nobody would tell why.
      await running?.stop();
      running?.close();
      running = null;
      log.error({ reason: reasonOf(error) }, "the sandbox could not be started");
      await enter("failed", reasonOf(error), { startedAt: null });
    }
  };
  const stop = async (next: "pending" | "stopped"): Promise<void> => {
    stopping = true;
    try {
      // Cut first, then stop: what the agent says after TERM leaves the host no more.
      await hooks.drop(id);
      await running?.stop();
      running?.close();
      running = null;
    } finally {
      stopping = false;
    }
    await enter(next, next === "stopped" ? "Stopped as asked." : "Stopped for a fresh start.", { startedAt: null });
  };
  const settle = async (phase: "stopped" | "waiting" | "pending"): Promise<void> => {
    if (phase !== "waiting")
      return await enter(phase, phase === "stopped" ? "Stopped as asked." : "Waiting to be started.");
    const delayMs = (desired?.restart.delayMs ?? 0) + (saved.phase === "failed" ? launchRetry.nextMs() : 0);
    notBeforeMs = now() + delayMs;
    await enter("waiting", `${saved.reason} Starting again in ${(delayMs / 1000).toFixed(1)} s.`);
  };
  const act = async (action: Action): Promise<boolean> => {
    if (action.do === "launch") await launch();
    else if (action.do === "stop") await stop(action.next);
    else if (action.do === "settle") await settle(action.phase);
    else if (action.do === "remove") {
      await hooks.drop(id);
      await runtime.remove(id);
      removed = true;
      hooks.onRemoved(id);
    } else return false;
    return true;
  };

  const loop = async (): Promise<void> => {
    while (!closed && !removed) {
      woken = false;
      const observed = { ...saved, live: running !== null, notBeforeMs };
      const action = nextAction(desired, observed, now());
      let acted = false;
      try {
        acted = await act(action);
      } catch (error) {
        log.error({ err: error, action: action.do }, "a step failed; trying again");
        notBeforeMs = now() + launchRetry.nextMs();
        await pause(notBeforeMs - now());
      }
      if (acted || woken || closed || removed) continue;
      await pause(action.do === "wait" ? Math.max(10, notBeforeMs - now()) : null);
    }
  };
  const pause = async (ms: number | null): Promise<void> => {
    await new Promise<void>((resolve) => {
      wake = resolve;
      if (woken || closed) resolve();
      else if (ms !== null) timer = setTimeout(resolve, ms);
    });
    clearTimeout(timer);
  };

  const found = await runtime.attach(id);
  if (found) {
    running = found;
    if (desired) await hooks.serve(desired);
    await enter("running", "Found running after a restart of the node agent.", { startedAt: found.startedAt });
    watchExit(found);
  } else if (saved.phase === "running" || saved.phase === "starting") {
    await enter("exited", "The agent ended while the node agent was away.", { exitCode: await runtime.lastExit(id) });
  }
  const done = loop();

  return {
    want(next) {
      desired = next;
      nudge();
    },
    status,
    exec: (request) => (running ? running.exec(request) : Promise.reject(new Error("The sandbox is not running."))),
    async close() {
      closed = true;
      nudge();
      await done;
      running?.close();
    },
  };
}

const exitReason = (exitCode: number | null): string =>
  exitCode === null ? "The agent was ended by a signal." : `The agent ended with code ${exitCode}.`;

/** A sandbox that is ending says so within a moment; null when it goes on running. */
const ENDING_MS_MAX = 500;
async function endedSoon(sandbox: RunningSandbox): Promise<{ exitCode: number | null } | null> {
  const moment = new Promise<null>((resolve) => setTimeout(resolve, ENDING_MS_MAX, null));
  return await Promise.race([sandbox.exited.then((exitCode) => ({ exitCode })), moment]);
}
