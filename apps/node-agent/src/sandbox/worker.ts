/**
 * Drives one sandbox towards what is desired, one step at a time. Threat: our own crash or a second start leaves two agents of one
 * sandbox, or one without a gateway's policy; a slow step delays a kill. Invariant: a launch happens only after an attach found nothing
 * running; the status on disk is written before a step that a crash could hide; a kill waits for no step; what is in quarantine is
 * neither served nor launched until a release.
 */
import type { DesiredSandbox, EndCause, ExecRequest, ExecResult, SandboxStatus } from "@creel/protocol";
import type { StopCause } from "@creel/sandbox";
import type { Logger } from "pino";
import { createBackoff } from "../backoff.ts";
import { LAUNCH_RETRY_MS } from "../limits.ts";
import { endSentence } from "./bounds.ts";
import { endedSoon, killRunning } from "./ending.ts";
import { failureText } from "./failure.ts";
import { afterRelease } from "./hold.ts";
import type { RunningSandbox, SandboxEnd, SandboxRuntime } from "./runtime.ts";
import { statusOf } from "./status.ts";
import { loadStatus, type SavedStatus, saveStatus } from "./status-file.ts";
import { type Action, nextAction, type Phase, phaseTransitions } from "./table.ts";
import { type TimeBounds, watchTimeBounds } from "./time-bounds.ts";
import type { WorkerHooks } from "./worker-hooks.ts";

export interface SandboxWorker {
  want(desired: DesiredSandbox | null): void;
  /** As `want`, for what may not run a moment longer: ends what runs now, whatever step is under way. */
  strike(desired: DesiredSandbox): Promise<void>;
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
  let bounds: TimeBounds | null = null;
  let notBeforeMs = 0;
  let stopping = false;
  let struck = false;
  let closed = false;
  let removed = false;
  let wake: () => void = () => undefined;
  let woken = false;
  let timer: NodeJS.Timeout | undefined;

  const status = (): SandboxStatus =>
    statusOf({ id, saved, pid: running?.pid ?? null, live: running !== null, inForce: hooks.inForce(id) });
  const keep = async (change: Partial<SavedStatus>): Promise<void> => {
    saved = { ...saved, ...change };
    await saveStatus(options.statusFile, saved);
  };
  const enter = async (phase: Phase, reason: string, change: Partial<SavedStatus> = {}): Promise<void> => {
    if (phase !== saved.phase && !phaseTransitions[saved.phase].includes(phase))
      throw new Error(`A sandbox cannot go from ${saved.phase} to ${phase}.`);
    await keep({ ...change, phase, reason });
    if (!closed) hooks.onStatus(status());
    log.info({ phase, reason }, "sandbox");
  };
  const nudge = () => {
    woken = true;
    wake();
  };
  const problem = (text: string) => (error: unknown) => log.error({ err: error }, text);
  const observed = () => ({
    ...saved,
    live: running !== null,
    notBeforeMs,
    held: saved.held !== null,
    unruled: hooks.inForce(id)?.refusal?.outcome === "none",
    over: bounds?.over() ?? null,
  });
  /** Whether what runs, or is about to, is still meant to. */
  const mayRun = (): boolean => desired?.state === "running" && saved.held === null && !observed().unruled;

  const letGo = () => {
    bounds?.close();
    bounds = null;
    running?.close();
    running = null;
  };
  const ended = async ({ exitCode, cause }: SandboxEnd): Promise<void> => {
    letGo();
    await hooks.drop(id);
    const why: EndCause = struck && cause !== "quarantine" ? "killed" : cause;
    struck = false;
    await enter("exited", endSentence({ cause: why, exitCode }, saved.bounds), { exitCode, cause: why });
    nudge();
  };
  const watch = (sandbox: RunningSandbox) => {
    sandbox.exited
      .then((end) => (closed || stopping || running !== sandbox ? undefined : ended(end)))
      .catch(problem("the end of a sandbox could not be recorded"));
    bounds = watchTimeBounds({
      startedAt: sandbox.startedAt,
      lifetimeSeconds: saved.bounds?.lifetimeSeconds ?? null,
      idleSeconds: saved.bounds?.idleSeconds ?? null,
      activity: { traffic: () => hooks.traffic(id), outputBytes: () => sandbox.outputBytes() },
      active: saved.active,
      onActive: (active) => keep({ active }),
      onOver: nudge,
      onProblem: problem("how long a sandbox has been idle could not be told"),
      now,
    });
  };

  const launch = async (): Promise<void> => {
    if (!desired) return;
    const wanted = desired;
    const fresh = wanted.incarnation !== saved.incarnation;
    const restarts =
      fresh || saved.phase === "stopped" ? 0 : saved.phase === "pending" ? saved.restarts : saved.restarts + 1;
    struck = false;
    await enter("starting", "Preparing the sandbox.", {
      ...{ incarnation: wanted.incarnation, restarts },
      ...{ exitCode: null, cause: null, startedAt: null, active: null, bounds: runtime.bounds(wanted) },
    });
    try {
      const born = await runtime.launch(wanted, (text) => {
        enter("starting", text).catch(problem("a step could not be recorded"));
      });
      running = born;
      // Killed, held or stopped meanwhile: it is never served, and the next step ends it.
      if (!mayRun()) return;
      await hooks.serve(wanted);
      launchRetry.reset();
      await enter("running", runningReason(born), { startedAt: born.startedAt });
      watch(born);
    } catch (error) {
      const over = running && (await endedSoon(running));
      // It ended before the gateway could serve it: that is an exit like any other.
      if (over) return await ended(over);
      // A sandbox that runs unserved is cut off from everything, and nobody would tell why.
      await running?.kill("stopped");
      letGo();
      log.error({ reason: failureText(error) }, "the sandbox could not be started");
      await enter("failed", failureText(error), { startedAt: null });
    }
  };
  const stop = async ({ next, how }: Extract<Action, { do: "stop" }>): Promise<void> => {
    const over = bounds?.over() ?? null;
    stopping = true;
    try {
      const cause: StopCause = next === "quarantined" ? "quarantine" : how === "kill" ? "killed" : spent(over);
      if (running && how === "kill") await killRunning(running, { cut: () => hooks.drop(id), cause });
      else {
        // Cut first, then stop: what the agent says after TERM leaves the host no more.
        await hooks.drop(id);
        await running?.stop(cause);
      }
      letGo();
    } finally {
      stopping = false;
    }
    const killed = next === "quarantined" ? "quarantine" : "killed";
    const cause: EndCause = next === "exited" && over ? over : how === "kill" || struck ? killed : "stopped";
    struck = false;
    saved = { ...saved, cause };
    await enter(next, restReason(next), { startedAt: null });
  };
  const restReason = (phase: Phase): string => {
    if (phase === "pending") return saved.phase === "running" ? "Stopped for a fresh start." : "Waiting to be started.";
    if (phase === "quarantined") return `In quarantine until somebody releases it. ${saved.held?.reason ?? ""}`.trim();
    if (phase === "failed") return hooks.inForce(id)?.refusal?.reason ?? "It has no policy that could be put in force.";
    return endSentence(
      { cause: phase === "stopped" && saved.cause !== "killed" ? "stopped" : (saved.cause ?? "lost"), exitCode: null },
      saved.bounds,
    );
  };
  const settle = async (phase: "waiting" | "pending" | "stopped" | "failed" | "quarantined"): Promise<void> => {
    if (phase !== "waiting") return await enter(phase, restReason(phase));
    const delayMs = (desired?.restart.delayMs ?? 0) + (saved.phase === "failed" ? launchRetry.nextMs() : 0);
    notBeforeMs = now() + delayMs;
    await enter("waiting", `${saved.reason} Starting again in ${(delayMs / 1000).toFixed(1)} s.`);
  };
  const act = async (action: Action): Promise<boolean> => {
    if (action.do === "launch") await launch();
    else if (action.do === "stop") await stop(action);
    else if (action.do === "settle") await settle(action.phase);
    else if (action.do === "remove") {
      await hooks.drop(id);
      await runtime.remove(id);
      removed = true;
      hooks.onRemoved(id);
    } else return false;
    return true;
  };
  const takeHold = async (): Promise<void> => {
    const change = afterRelease({ saved, desired, refusal: hooks.inForce(id)?.refusal ?? null, now });
    if (change !== null) await keep(change);
  };

  const loop = async (): Promise<void> => {
    while (!closed && !removed) {
      woken = false;
      let action: Action = { do: "nothing" };
      let acted = false;
      try {
        await takeHold();
        action = nextAction(desired, observed(), now());
        acted = await act(action);
      } catch (error) {
        log.error({ err: error, action: action.do }, "a step failed; trying again");
        notBeforeMs = now() + launchRetry.nextMs();
        await pause(notBeforeMs - now());
        acted = true;
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
    await takeHold();
    // What may not run is not served even for the moment until it is ended.
    if (desired && mayRun())
      await hooks.serve(desired).catch(problem("a sandbox found running is not served; nothing leaves it"));
    await enter("running", foundReason(found), { startedAt: found.startedAt });
    watch(found);
  } else if (saved.phase === "running" || saved.phase === "starting") {
    const { exitCode, cause } = await runtime.lastEnd(id);
    const how = endSentence({ cause, exitCode }, saved.bounds);
    await enter("exited", `${how} The node agent was away.`, { exitCode, cause });
  }
  const done = loop();

  return {
    want(next) {
      desired = next;
      nudge();
    },
    async strike(next) {
      desired = next;
      const target = running;
      if (target) {
        struck = true;
        log.warn({ state: next.state }, "killing a sandbox");
        const cause = next.state === "quarantined" ? "quarantine" : "killed";
        await killRunning(target, { cut: () => hooks.drop(id), cause });
      }
      nudge();
    },
    status,
    exec: (request) => (running ? running.exec(request) : Promise.reject(new Error("The sandbox is not running."))),
    async close() {
      closed = true;
      nudge();
      await done;
      letGo();
    },
  };
}

const spent = (over: EndCause | null): StopCause => (over === "lifetime" || over === "idle" ? over : "stopped");

/** A limit that nothing holds is said where everybody looks. */
const runningReason = ({ unheld }: RunningSandbox): string =>
  unheld.length === 0
    ? "The agent is running."
    : `The agent is running. Not held on this host, which has no cgroup for it: ${unheld.join(", ")}.`;

const foundReason = ({ outdated }: RunningSandbox): string =>
  outdated
    ? "Started by an older version of Creel, whose word about programs this one does not take: everything it asks of the network is denied. Restart it."
    : "Found running after a restart of the node agent.";
