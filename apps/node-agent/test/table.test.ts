import type { DesiredSandbox } from "@creel/protocol";
import { desiredStates, limitsSchema } from "@creel/protocol";
import { describe, expect, it } from "vitest";
import { nextAction, type Observed, type Phase, phaseTransitions } from "../src/sandbox/table.ts";

const desired = (change: Partial<DesiredSandbox> = {}): DesiredSandbox => ({
  id: "6b1f0f5e-3f6a-4a38-9a57-0f3f2f1d9a10",
  name: "demo",
  state: "running",
  incarnation: 2,
  agent: { plugin: "command", command: ["true"] },
  restart: { policy: "on-failure", delayMs: 1000 },
  limits: limitsSchema.parse({}),
  policy: { digest: `sha256:${"0".repeat(64)}`, version: 1, yaml: "" },
  ...change,
});
const seen = (change: Partial<Observed> = {}): Observed => ({
  phase: "running",
  live: true,
  incarnation: 2,
  exitCode: null,
  cause: null,
  notBeforeMs: 0,
  held: false,
  unruled: false,
  over: null,
  ...change,
});
const phases: Phase[] = Object.keys(phaseTransitions) as Phase[];

describe("what happens next to a sandbox", () => {
  it("never launches while one is alive, whatever the phase on disk says", () => {
    for (const phase of phases)
      for (const state of desiredStates)
        for (const incarnation of [1, 2, 3])
          expect(nextAction(desired({ state }), seen({ phase, incarnation }), 0).do).not.toBe("launch");
  });
  it("removes only what does not run", () => {
    expect(nextAction(null, seen(), 0)).toEqual({ do: "stop", next: "stopped", how: "grace" });
    for (const phase of phases) expect(nextAction(null, seen({ phase, live: false }), 0)).toEqual({ do: "remove" });
  });
  it("stops what should not run and stays there", () => {
    const stop = { do: "stop", next: "stopped" };
    expect(nextAction(desired({ state: "stopped" }), seen(), 0)).toEqual({ ...stop, how: "grace" });
    expect(nextAction(desired({ state: "stopped", end: "kill" }), seen(), 0)).toEqual({ ...stop, how: "kill" });
    const stopped = seen({ phase: "stopped", live: false });
    expect(nextAction(desired({ state: "stopped" }), stopped, 0)).toEqual({ do: "nothing" });
  });
  it("replaces a running agent when a fresh start is asked for", () => {
    const stop = { do: "stop", next: "pending", how: "grace" };
    expect(nextAction(desired({ incarnation: 3 }), seen(), 0)).toEqual(stop);
    expect(nextAction(desired({ incarnation: 3 }), seen({ phase: "exited", live: false, exitCode: 0 }), 0)).toEqual({
      do: "launch",
    });
  });
  it("does not leave running what its launch left unserved, though it may run again", () => {
    const stop = { do: "stop", next: "pending", how: "grace" };
    for (const incarnation of [2, 3])
      expect(nextAction(desired({ incarnation }), seen({ phase: "starting" }), 0)).toEqual(stop);
  });
  it.each([
    ["never", 1, "nothing"],
    ["never", 0, "nothing"],
    ["on-failure", 0, "nothing"],
    ["on-failure", 1, "settle"],
    ["on-failure", null, "settle"],
    ["always", 0, "settle"],
  ] as const)("restart %s after exit code %s leads to %s", (policy, exitCode, action) => {
    const ended = seen({ phase: "exited", live: false, exitCode });
    expect(nextAction(desired({ restart: { policy, delayMs: 0 } }), ended, 0).do).toBe(action);
  });
  it("waits out the delay before it launches again", () => {
    const waiting = seen({ phase: "waiting", live: false, exitCode: 1, notBeforeMs: 100 });
    expect(nextAction(desired(), waiting, 99)).toEqual({ do: "wait" });
    expect(nextAction(desired(), waiting, 100)).toEqual({ do: "launch" });
  });
  it("launches again what a crash of ours left in the middle of a launch", () => {
    expect(nextAction(desired(), seen({ phase: "starting", live: false }), 0)).toEqual({ do: "launch" });
  });
  it("nothing but a release lets out what is held: no phase, plan, fresh start or restart policy does", () => {
    for (const phase of phases)
      for (const live of [true, false])
        for (const state of desiredStates)
          for (const incarnation of [1, 2, 3])
            for (const policy of ["always", "on-failure", "never"] as const) {
              const plan = desired({ state, incarnation, restart: { policy, delayMs: 0 } });
              const action = nextAction(plan, seen({ phase, live, held: true, exitCode: 1 }), 0);
              if (live) expect(action).toEqual({ do: "stop", next: "quarantined", how: "kill" });
              else if (phase === "quarantined") expect(action).toEqual({ do: "nothing" });
              else expect(action).toEqual({ do: "settle", phase: "quarantined" });
            }
  });
  it("ends what has lived or idled long enough, and starts it again for nobody but a person", () => {
    for (const over of ["lifetime", "idle"] as const) {
      expect(nextAction(desired(), seen({ over }), 0)).toEqual({ do: "stop", next: "exited", how: "grace" });
      const ended = seen({ phase: "exited", live: false, cause: over });
      const always = { restart: { policy: "always" as const, delayMs: 0 } };
      expect(nextAction(desired(always), ended, 0)).toEqual({ do: "nothing" });
      expect(nextAction(desired({ ...always, incarnation: 3 }), ended, 0)).toEqual({ do: "launch" });
    }
  });
  it("starts again what a limit on use ended, as after any failure", () => {
    const ended = seen({ phase: "exited", live: false, cause: "memory", exitCode: 137 });
    expect(nextAction(desired(), ended, 0)).toEqual({ do: "settle", phase: "waiting" });
  });
  it("does not run what has no policy that could be put in force", () => {
    const unruled = { unruled: true };
    expect(nextAction(desired(), seen(unruled), 0)).toEqual({ do: "stop", next: "failed", how: "kill" });
    for (const phase of phases)
      expect(nextAction(desired(), seen({ ...unruled, phase, live: false }), 0).do).not.toBe("launch");
  });
  it("every action leads to a phase that the table allows from there", () => {
    for (const phase of phases)
      for (const live of [true, false])
        for (const state of desiredStates) {
          // Only what runs, or was launched just now, is alive.
          if (live && !["running", "starting"].includes(phase)) continue;
          const action = nextAction(desired({ state }), seen({ phase, live, notBeforeMs: 0 }), 0);
          const to = { launch: "starting", stop: "", settle: "", nothing: "", wait: "", remove: "" }[action.do];
          if (action.do === "settle") expect(phaseTransitions[phase]).toContain(action.phase);
          else if (action.do === "stop") expect(phaseTransitions[phase]).toContain(action.next);
          else if (to && phase !== to && !(phase === "running" && to === "starting"))
            expect(phaseTransitions[phase]).toContain(to);
        }
  });
});
