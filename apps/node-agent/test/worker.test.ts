import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DesiredSandbox, desiredSandboxSchema, type SandboxStatus } from "@creel/protocol";
import { pino } from "pino";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { nodePaths } from "../src/paths.ts";
import { createSandboxRuntime } from "../src/sandbox/host-runtime.ts";
import type { SandboxRuntime } from "../src/sandbox/runtime.ts";
import { createWorker, type SandboxWorker } from "../src/sandbox/worker.ts";
import type { InForce } from "../src/sandbox/worker-hooks.ts";

const dir = mkdtempSync(join(tmpdir(), "creel-worker-"));
const paths = nodePaths(dir);
const model = { info: { provider: "test", name: "test", scripted: true }, name: "test", protocols: [] };
const runtime = createSandboxRuntime({
  paths,
  agentsRoot: join(dir, "agents"),
  gateway: { firstModel: Promise.resolve(model), model: () => model },
});
const DIGEST = `sha256:${"0".repeat(64)}`;
const IN_FORCE: InForce = { digest: DIGEST, generation: 1, monitorUntil: null, refusal: null };
const UNRULED: InForce = {
  ...IN_FORCE,
  refusal: { digest: DIGEST, version: 1, reason: "It does not parse.", outcome: "none" },
};

const wish = (id: string, change: Partial<DesiredSandbox> = {}): DesiredSandbox =>
  desiredSandboxSchema.parse({
    ...{ id, name: "box", state: "running", incarnation: 0, limits: {} },
    agent: { plugin: "command", command: ["/bin/sh", "-c", "until [ -e end ]; do sleep 0.05; done; exit 3"] },
    restart: { policy: "always", delayMs: 0 },
    policy: { digest: DIGEST, version: 1, yaml: "version: 1\n" },
    ...change,
  });
const endAgent = (id: string): void => writeFileSync(join(paths.sandbox(id).workspace, "end"), "");

interface Hooks {
  drop?: () => Promise<void>;
  inForce?: () => InForce;
  launching?: SandboxRuntime;
}
let worker: SandboxWorker | null = null;
const used: string[] = [];

/** A worker of one real sandbox, with everything it says. */
async function start(id: string, hooks: Hooks) {
  const { drop = async () => undefined, inForce = () => IN_FORCE, launching = runtime } = hooks;
  used.push(id);
  const errors: string[] = [];
  const statuses: SandboxStatus[] = [];
  const served: string[] = [];
  const made = await createWorker({
    ...{ id, statusFile: paths.sandbox(id).status, desired: wish(id), runtime: launching },
    hooks: {
      serve: async (desired) => void served.push(desired.id),
      drop,
      inForce,
      traffic: async () => null,
      onStatus: (status) => void statuses.push(status),
      onRemoved: () => undefined,
    },
    log: pino({ level: "error" }, { write: (line: string) => void errors.push(line) }),
    now: Date.now,
  });
  worker = made;
  return { worker: made, errors, statuses, served };
}
/** Told of, and so on disk as well. */
const reaches = (statuses: SandboxStatus[], phase: SandboxStatus["phase"]) =>
  expect.poll(() => statuses.at(-1)?.phase, { interval: 20 }).toBe(phase);

afterEach(async () => {
  worker?.want(null);
  await expect.poll(() => worker?.status().pid ?? null).toBeNull();
  await worker?.close();
  worker = null;
});
afterAll(() => {
  for (const id of used) rmSync(runtime.runDir(id), { recursive: true, force: true });
  rmSync(dir, { recursive: true, force: true });
});

describe("a sandbox that ends by itself", () => {
  it("ends once and stays stopped when a plan that stops it comes before its end is recorded", async () => {
    const id = "5c0f2a52-93d7-4a83-8f0f-0d7a5a0b1c01";
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let dropping = (): void => undefined;
    const dropped = new Promise<void>((resolve) => {
      dropping = resolve;
    });
    const drop = async (): Promise<void> => {
      dropping();
      await held;
    };
    const { worker, errors, statuses } = await start(id, { drop });
    await reaches(statuses, "running");
    endAgent(id);
    await dropped;
    worker.want(wish(id, { state: "stopped" }));
    // Whatever the plan sets off has begun before the end can be recorded.
    await new Promise((resolve) => setImmediate(resolve));
    release();
    await reaches(statuses, "stopped");
    expect(worker.status().ends).toEqual([expect.objectContaining({ cause: "exit", exitCode: 3 })]);
    expect(statuses.map(({ phase }) => phase)).toEqual(["starting", "running", "exited", "stopped"]);
    expect(errors).toEqual([]);
  });
});

describe("a sandbox that may not run when its launch is done", () => {
  it("never runs unserved, although it may run again before the next step", async () => {
    const id = "5c0f2a52-93d7-4a83-8f0f-0d7a5a0b1c02";
    /** The first question after the first launch is whether it may run now; by the next one its policy is mended. */
    let ask: "not launched" | "first" | "later" = "not launched";
    const launching: SandboxRuntime = {
      ...runtime,
      async launch(desired, onStep) {
        const born = await runtime.launch(desired, onStep);
        ask = ask === "not launched" ? "first" : "later";
        return born;
      },
    };
    const inForce = (): InForce => {
      if (ask !== "first") return IN_FORCE;
      ask = "later";
      return UNRULED;
    };
    const { served, statuses, errors } = await start(id, { inForce, launching });
    await reaches(statuses, "running");
    expect(served).toEqual([id]);
    expect(statuses.map(({ phase }) => phase)).toEqual(["starting", "pending", "starting", "running"]);
    expect(worker?.status().restarts).toBe(0);
    expect(errors).toEqual([]);
  });
});
