import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { desiredSandboxSchema } from "@creel/protocol";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { encodeFrame, FrameReader } from "../../../packages/sandbox/src/frames.ts";
import { nodePaths } from "../src/paths.ts";
import { createSandboxRuntime } from "../src/sandbox/host-runtime.ts";
import { loadStatus, saveStatus } from "../src/sandbox/status-file.ts";
import { createWorker } from "../src/sandbox/worker.ts";

const ID = "3a0d4c7e-6f1b-4b0a-8d9c-7e5f6a1b2c14";
const dir = mkdtempSync(join(tmpdir(), "creel-older-"));
const LIMITS = ["watchdog", "1048576", "4096", ...Array.from({ length: 6 }, () => ["", "0", "0"]).flat()];
const THIS = "of this version";
/** What shims of earlier and this version say of themselves, word by word. */
const SAYS: Record<string, string[]> = {
  "from before limits were named": ["cgroup"],
  "from before it named its form": LIMITS,
  "of another form": [...LIMITS, "who0"],
  [THIS]: [...LIMITS, "who1"],
};

const runtime = createSandboxRuntime({
  paths: nodePaths(dir),
  agentsRoot: join(dir, "agents"),
  gateway: { firstModel: new Promise(() => undefined), model: () => null },
});
const socket = join(runtime.runDir(ID), "shim.sock");
let shim: Server;
const listen = (words: string[]): Promise<void> => {
  shim = createServer((client) => {
    const frames = new FrameReader();
    client.on("data", (chunk) => {
      for (const [verb] of frames.push(chunk))
        if (verb === "status")
          client.write(encodeFrame(["status", ID, "running", "1", "1", String(Date.now()), "0", ...words]));
    });
  });
  return new Promise((resolve) => shim.listen(socket, resolve));
};

beforeAll(() => {
  mkdirSync(dirname(socket), { recursive: true });
  mkdirSync(nodePaths(dir).sandbox(ID).root, { recursive: true });
});
afterEach(() => new Promise((resolve) => shim.close(resolve)));
afterAll(() => {
  rmSync(dir, { recursive: true, force: true });
  rmSync(runtime.runDir(ID), { recursive: true, force: true });
});

const desired = desiredSandboxSchema.parse({
  ...{ id: ID, name: "old", state: "running", incarnation: 0, limits: {} },
  agent: { plugin: "command", command: ["true"] },
  restart: { policy: "never", delayMs: 0 },
  policy: { digest: `sha256:${"0".repeat(64)}`, version: 1, yaml: "version: 1\n" },
});
const reasonUnder = async (words: string[]): Promise<string> => {
  await listen(words);
  const { status } = nodePaths(dir).sandbox(ID);
  await saveStatus(status, { ...(await loadStatus(status)), phase: "running", incarnation: 0 });
  const worker = await createWorker({
    ...{ id: ID, statusFile: status, desired, runtime },
    hooks: {
      serve: async () => undefined,
      drop: async () => undefined,
      inForce: () => ({ digest: desired.policy.digest, generation: 1, monitorUntil: null, refusal: null }),
      traffic: async () => null,
      onStatus: () => undefined,
      onRemoved: () => undefined,
    },
    log: pino({ level: "silent" }),
    now: Date.now,
  });
  const now = worker.status();
  await worker.close();
  expect(now.phase).toBe("running");
  return now.reason;
};

describe("a sandbox found running after an upgrade", () => {
  it.each(Object.keys(SAYS).filter((name) => name !== THIS))(
    "says that it is to be restarted: a shim %s",
    async (name) => {
      expect(await reasonUnder(SAYS[name] ?? [])).toMatch(/^Started by an older version of Creel.* Restart it\.$/);
    },
  );
  it(`says nothing of it: a shim ${THIS}`, async () => {
    expect(await reasonUnder(SAYS[THIS] ?? [])).toBe("Found running after a restart of the node agent.");
  });
});
