import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { attachControl, attachNetwork, LaunchError, launchSandbox, readExit, readLog } from "../src/index.ts";
import { ATTACKS, attackProgram, basket, cleanUp, FOR_EVER, receptionist, temporary } from "./kit.ts";

const here = dirname(fileURLToPath(import.meta.url));
afterAll(cleanUp);

const alive = (pid: number): boolean => {
  try {
    // A zombie waiting for its reaper is dead.
    return !/^State:\s[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
};

test("the sandbox survives kill -9 of the process that launched it, and its waiting connection is served after re-attachment", async () => {
  const base = temporary();
  for (const name of ["run", "state"]) mkdirSync(join(base, name), { mode: 0o700 });
  attackProgram();
  const spec = {
    id: "orphan",
    runDir: join(base, "run"),
    stateDir: join(base, "state"),
    command: ["sh", "-c", `${ATTACKS} wait_answer; exec sleep 1000000`],
    mounts: [{ source: attackProgram(), target: ATTACKS, mode: "ro" }],
  };
  const launcher = execFile(process.execPath, [
    "--import",
    "tsx",
    join(here, "launch-and-wait.ts"),
    JSON.stringify(spec),
  ]);
  const agentPid = await new Promise<number>((resolve, reject) => {
    launcher.stdout?.on("data", (text) => resolve(Number(text)));
    launcher.stderr?.on("data", (text) => reject(new Error(String(text))));
  });
  launcher.kill("SIGKILL");
  await new Promise((resolve) => launcher.on("close", resolve));
  expect(alive(agentPid)).toBe(true);
  const desk = await receptionist(spec.runDir);
  expect((await desk.next()).identity?.path).toBe(ATTACKS);
  // A second gateway, after the first is gone, is served just the same.
  desk.network.close();
  const again = await receptionist(spec.runDir);
  const control = await attachControl({ runDir: spec.runDir });
  expect((await control.exec({ command: [ATTACKS, "wait_answer"] })).stdout).toBe("0\n");
  expect((await again.next()).identity?.path).toBe(ATTACKS);
  await control.stop({ graceMs: 0 });
  control.close();
});

/** A foreground sandbox in a process of its own, whose stdio is ours to look at. */
function foreground(command: string[]) {
  const base = temporary();
  for (const name of ["run", "state"]) mkdirSync(join(base, name), { mode: 0o700 });
  const spec = { id: "foreground", runDir: join(base, "run"), stateDir: join(base, "state"), command };
  const child = execFile(process.execPath, ["--import", "tsx", join(here, "run-foreground.ts"), JSON.stringify(spec)]);
  const agentPid = new Promise<number>((resolve) => child.stderr?.on("data", (text) => resolve(Number(text))));
  let out = "";
  child.stdout?.on("data", (text) => {
    out += text;
  });
  const code = new Promise<number | null>((resolve) => child.on("close", resolve));
  return { child, agentPid, code, out: () => out };
}

test("in the foreground the command has the caller's stdio and its exit code passes through", async () => {
  const run = foreground(["sh", "-c", "read line; echo got $line; exit 5"]);
  run.child.stdin?.end("hello\n");
  expect(await run.code).toBe(5);
  expect(run.out()).toBe("got hello\n");
});

test("a foreground sandbox dies with kill -9 of its caller", async () => {
  const run = foreground(FOR_EVER);
  const agentPid = await run.agentPid;
  expect(alive(agentPid)).toBe(true);
  run.child.kill("SIGKILL");
  await expect.poll(() => alive(agentPid)).toBe(false);
});

test("kill -9 of the shim ends everything inside", async () => {
  const cage = await basket();
  const running = cage.control.exec({ command: FOR_EVER });
  await expect.poll(async () => (await cage.sh("ls /proc")).out.match(/^\d+$/gm)?.length).toBeGreaterThanOrEqual(4);
  const gone = new Promise<void>((resolve) => cage.control.onExit(resolve));
  process.kill(cage.shimPid, "SIGKILL");
  await gone;
  await expect.poll(() => alive(cage.agentPid)).toBe(false);
  expect((await running).error).not.toBeNull();
  expect(await readExit(cage.stateDir)).toBeNull();
  await expect(attachNetwork({ runDir: cage.runDir })).rejects.toMatchObject({ layer: "control" });
});

test("the agent's end is recorded, and ends what it left running", async () => {
  // It waits until we are attached: a sandbox that ends at once could be gone before.
  const line = "sleep 1000000 & until [ -e go ]; do sleep 0.02; done; exit 7";
  const cage = await basket({ command: ["sh", "-c", line] });
  writeFileSync(join(cage.work, "go"), "");
  await expect.poll(() => readExit(cage.stateDir)).toMatchObject({ exitCode: 7, signal: null, reason: "exited" });
  expect(alive(cage.shimPid)).toBe(false);
});

const ready = (stateDir: string) =>
  expect.poll(async () => (await readLog(stateDir)).data.toString()).toContain("ready");

test("stop asks first and kills after the grace", async () => {
  const polite = await basket({
    command: ["sh", "-c", "trap 'exit 0' TERM; echo ready; while :; do sleep 0.05; done"],
  });
  await ready(polite.stateDir);
  await polite.control.stop({ graceMs: 10_000 });
  expect(await readExit(polite.stateDir)).toMatchObject({ exitCode: 0, reason: "stopped" });
  const deaf = await basket({ command: ["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.05; done"] });
  await ready(deaf.stateDir);
  await deaf.control.stop({ graceMs: 100 });
  expect(await readExit(deaf.stateDir)).toMatchObject({ exitCode: null, signal: 9, reason: "stopped" });
});

test("a launch that fails leaves no socket behind", async () => {
  const base = temporary();
  for (const name of ["run", "state"]) mkdirSync(join(base, name), { mode: 0o700 });
  attackProgram();
  const spec = { id: "fails", runDir: join(base, "run"), stateDir: join(base, "state"), command: ["/no/such/program"] };
  await expect(launchSandbox(spec)).rejects.toBeInstanceOf(LaunchError);
  expect(readdirSync(spec.runDir)).toEqual([]);
});

test("a command that cannot start names the layer and the reason", async () => {
  await expect(basket({ command: ["/no/such/program"] })).rejects.toThrow(
    /cannot start \/no\/such\/program: No such file/,
  );
  await expect(basket({ mounts: [{ source: "/no/such", target: "/x", mode: "ro" }] })).rejects.toMatchObject({
    layer: "root",
  });
  await expect(basket({ hostname: "Not A Name" })).rejects.toThrow(/hostname: must be/);
  await expect(basket({ env: { "BAD NAME": "x" } })).rejects.toBeInstanceOf(LaunchError);
});

test("two sandboxes cannot share a run directory, nor may it be open to others", async () => {
  const cage = await basket();
  const spec = { id: "second", runDir: cage.runDir, stateDir: cage.stateDir, command: FOR_EVER };
  await expect(launchSandbox(spec)).rejects.toThrow(/already runs/);
  const base = temporary();
  mkdirSync(join(base, "open"), { mode: 0o755 });
  await expect(launchSandbox({ ...spec, runDir: join(base, "open") })).rejects.toThrow(/mode 0700/);
});

test("the log keeps its cap, and readers learn what rotation dropped", async () => {
  const cage = await basket({
    command: ["sh", "-c", "i=0; while [ $i -lt 4000 ]; do echo line-$i; i=$((i+1)); done; sleep 1000000"],
    limits: { logBytes: 16_384 },
  });
  const total = Array.from({ length: 4000 }, (_, i) => `line-${i}\n`).join("").length;
  await expect.poll(async () => (await cage.control.status())?.logBytes).toBe(total);
  const first = await readLog(cage.stateDir, { afterOffset: 0 });
  expect(first.dropped).toBeGreaterThan(0);
  expect(first.offset).toBe(first.dropped);
  let text = "";
  for (let at = first.offset; at < total; ) {
    const chunk = await readLog(cage.stateDir, { afterOffset: at });
    text += chunk.data.toString();
    at = chunk.nextOffset;
  }
  expect(text.length).toBe(total - first.offset);
  expect(text.length).toBeLessThanOrEqual(16_384);
  expect(text.endsWith("line-3999\n")).toBe(true);
});

test("a signal that comes when the sandbox has just ended is nobody's, and ends nothing but itself", async () => {
  const run = foreground(FOR_EVER);
  const parent = (pid: number): number =>
    Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  const init = parent(await run.agentPid);
  const shim = parent(init);
  // Stopped, so that it finds the signal and the end of its first process waiting for it together.
  process.kill(shim, "SIGSTOP");
  process.kill(init, "SIGKILL");
  process.kill(shim, "SIGUSR1");
  process.kill(shim, "SIGCONT");
  expect(await run.code).toBe(137);
  expect(alive(shim)).toBe(false);
});
