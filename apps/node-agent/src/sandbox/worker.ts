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
import { anotherEnd, openRecord } from "./record.ts";
import type { RunningSandbox, SandboxEnd, SandboxRuntime } from "./runtime.ts";
import { statusOf } from "./status.ts";
import { type Action, nextAction } from "./table.ts";
import { type TimeBounds, watchTimeBounds } from "./time-bounds.ts";
import { createWaker } from "./waker.ts";
import { foundReason, restReason, runningReason } from "./words.ts";
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
  const waker = createWaker();
  let desired = options.desired;
  let running: RunningSandbox | null = null;
  /** What runs has ended, and the loop has not recorded it yet. Nothing but the loop changes a phase, so no plan can come between. */
  let gone: SandboxEnd | null = null;
  let bounds: TimeBounds | null = null;
  let notBeforeMs = 0;
  let struck = false;
  let closed = false;
  let removed = false;

  const record = await openRecord({
    path: options.statusFile,
    onEntered(phase, reason) {
      if (!closed) hooks.onStatus(status());
      log.info({ phase, reason }, "sandbox");
    },
  });
  const { saved, enter } = record;
  const status = (): SandboxStatus =>
    statusOf({
      ...{ id, saved: saved(), pid: running?.pid ?? null, live: running !== null },
      inForce: hooks.inForce(id),
    });
  const problem = (text: string) => (error: unknown) => log.error({ err: error }, text);
  const observed = () => ({
    ...saved(),
    live: running !== null,
    notBeforeMs,
    held: saved().held !== null,
    unruled: hooks.inForce(id)?.refusal?.outcome === "none",
    over: bounds?.over() ?? null,
  });
  /** Whether what runs, or is about to, is still meant to. */
  const mayRun = (): boolean => desired?.state === "running" && saved().held === null && !observed().unruled;

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
    const reason = endSentence({ cause: why, exitCode }, saved().bounds);
    await enter("exited", reason, anotherEnd(saved(), { atMs: now(), cause: why, exitCode, reason }));
    struck = false;
    gone = null;
  };
  const watch = (sandbox: RunningSandbox) => {
    sandbox.exited
      .then((end) => {
        if (running !== sandbox) return;
        gone = end;
        waker.wake();
      })
      .catch(problem("the end of a sandbox could not be told"));
    const { bounds: given, active } = saved();
    bounds = watchTimeBounds({
      startedAt: sandbox.startedAt,
      lifetimeSeconds: given?.lifetimeSeconds ?? null,
      idleSeconds: given?.idleSeconds ?? null,
      activity: { traffic: () => hooks.traffic(id), outputBytes: () => sandbox.outputBytes() },
      active,
      onActive: (seen) => record.keep({ active: seen }),
      onOver: () => waker.wake(),
      onProblem: problem("how long a sandbox has been idle could not be told"),
      now,
    });
  };

  const launch = async (): Promise<void> => {
    if (!desired) return;
    const wanted = desired;
    const { incarnation, phase, restarts: before } = saved();
    const fresh = wanted.incarnation !== incarnation;
    const restarts = fresh || phase === "stopped" ? 0 : phase === "pending" ? before : before + 1;
    struck = false;
    await enter("starting", "Preparing the sandbox.", {
      ...{ incarnation: wanted.incarnation, restarts },
      ...{ exitCode: null, cause: null, startedAt: null, active: null, bounds: runtime.bounds(wanted) },
    });
    try {
      const born = await runtime.launch(wanted, (text) => {
        // A step told of too late is nothing to go back for.
        if (saved().phase === "starting") enter("starting", text).catch(problem("a step could not be recorded"));
      });
      running = born;
      // Killed, held or stopped meanwhile: it is never served, and the next step ends it, also where it may run again by then.
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
    const target = running;
    const asked: StopCause = next === "quarantined" ? "quarantine" : how === "kill" ? "killed" : spent(over);
    if (target && how === "kill") await killRunning(target, { cut: () => hooks.drop(id), cause: asked });
    else {
      // Cut first, then stop: what the agent says after TERM leaves the host no more.
      await hooks.drop(id);
      await target?.stop(asked);
    }
    letGo();
    gone = null;
    const killed = next === "quarantined" ? "quarantine" : "killed";
    const cause: EndCause = next === "exited" && over ? over : how === "kill" || struck ? killed : "stopped";
    const reason = restReason(next, { saved: saved(), inForce: hooks.inForce(id), cause });
    const sentence = endSentence({ cause, exitCode: null }, saved().bounds);
    const end = target ? anotherEnd(saved(), { atMs: now(), cause, exitCode: null, reason: sentence }) : { cause };
    await enter(next, reason, { ...end, startedAt: null });
    struck = false;
  };
  const settle = async (phase: "waiting" | "pending" | "stopped" | "failed" | "quarantined"): Promise<void> => {
    const { cause, reason, phase: before } = saved();
    if (phase !== "waiting")
      return await enter(phase, restReason(phase, { saved: saved(), inForce: hooks.inForce(id), cause }));
    const delayMs = (desired?.restart.delayMs ?? 0) + (before === "failed" ? launchRetry.nextMs() : 0);
    notBeforeMs = now() + delayMs;
    await enter("waiting", `${reason} Starting again in ${(delayMs / 1000).toFixed(1)} s.`);
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
    const change = afterRelease({ saved: saved(), desired, refusal: hooks.inForce(id)?.refusal ?? null, now });
    if (change !== null) await record.keep(change);
  };

  const loop = async (): Promise<void> => {
    while (!closed && !removed) {
      waker.rearm();
      let action: Action = { do: "nothing" };
      let acted = false;
      try {
        if (gone !== null) await ended(gone);
        await takeHold();
        action = nextAction(desired, observed(), now());
        acted = await act(action);
      } catch (error) {
        log.error({ err: error, action: action.do }, "a step failed; trying again");
        notBeforeMs = now() + launchRetry.nextMs();
        if (!closed) await waker.pause(notBeforeMs - now());
        acted = true;
      }
      if (acted || waker.woken() || closed || removed) continue;
      await waker.pause(action.do === "wait" ? Math.max(10, notBeforeMs - now()) : null);
    }
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
  } else if (saved().phase === "running" || saved().phase === "starting") {
    const { exitCode, cause } = await runtime.lastEnd(id);
    const reason = `${endSentence({ cause, exitCode }, saved().bounds)} The node agent was away.`;
    await enter("exited", reason, anotherEnd(saved(), { atMs: now(), cause, exitCode, reason }));
  }
  const done = loop();

  return {
    want(next) {
      desired = next;
      waker.wake();
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
      waker.wake();
    },
    status,
    exec: (request) => (running ? running.exec(request) : Promise.reject(new Error("The sandbox is not running."))),
    async close() {
      closed = true;
      waker.wake();
      await done;
      letGo();
    },
  };
}

const spent = (over: EndCause | null): StopCause => (over === "lifetime" || over === "idle" ? over : "stopped");
