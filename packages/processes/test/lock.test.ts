import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { identify, LockError, type ProcessId, parseProcessId, takeLock, waitForLock } from "../src/index.ts";

let folder: string;
let path: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "creel-lock-"));
  path = join(folder, "lock");
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

const self = (): ProcessId => {
  const id = identify(process.pid);
  if (id === null) throw new Error("this process is not to be seen");
  return id;
};
const write = (owner: ProcessId, file = path) => writeFileSync(file, `${JSON.stringify(owner)}\n`);
const owner = () => parseProcessId(readFileSync(path, "utf8"));
/** A process that has ended and been waited for. */
async function dead(): Promise<ProcessId> {
  const child = spawn("sleep", ["1000"]);
  children.push(child);
  const id = identify(child.pid ?? 0);
  child.kill("SIGKILL");
  await once(child, "exit");
  if (id === null) throw new Error("it never ran");
  return id;
}

interface Starter {
  child: ChildProcess;
  says(): Promise<string>;
  take(file: string, atMs?: number): void;
}
/** Without it ending, what runs inside would live on when `unshare` is killed. */
const UNSHARE = [
  "unshare",
  ...(process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"]),
  "--pid",
  "--fork",
  "--kill-child",
  "--mount-proc",
];
const namespaces = spawnSync(UNSHARE[0] ?? "", [...UNSHARE.slice(1), "true"]).status === 0;
const flocks = existsSync("/usr/bin/flock") || existsSync("/bin/flock");
let program: string;
beforeAll(() => {
  const tools = mkdtempSync(join(tmpdir(), "creel-lock-take-"));
  program = join(tools, "take.mjs");
  const entry = fileURLToPath(new URL("take.ts", import.meta.url));
  buildSync({ entryPoints: [entry], outfile: program, bundle: true, platform: "node", format: "esm" });
  return () => rmSync(tools, { recursive: true });
});
/** `inside`: in a PID namespace of its own, with its own /proc, as a container has it. */
async function starter(inside = false): Promise<Starter> {
  const command = [...(inside ? UNSHARE : []), process.execPath, program];
  const child = spawn(command[0] ?? "", command.slice(1), { stdio: ["pipe", "pipe", "inherit"] });
  children.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const says = async () => String((await lines.next()).value);
  expect(await says()).toBe("ready");
  return { child, says, take: (file, atMs = 0) => void child.stdin.write(`${atMs} ${file}\n`) };
}

test("of twenty starts at one instant exactly one goes on, whatever lock an earlier one left", async () => {
  const [STARTERS, ROUNDS, UNTIL_ALL_HAVE_READ_MS] = [20, 4, 20];
  const gone = await dead();
  const leaves = [
    () => {},
    (file: string) => write(gone, file),
    (file: string) => write({ ...self(), startTicks: "1" }, file),
    (file: string) => writeFileSync(file, '{"pid":'),
  ];
  const starters = await Promise.all(Array.from({ length: STARTERS }, starter));
  for (let round = 0; round < ROUNDS * leaves.length; round++) {
    const file = join(folder, String(round));
    leaves[round % leaves.length]?.(file);
    const atMs = Date.now() + UNTIL_ALL_HAVE_READ_MS;
    for (const { take } of starters) take(file, atMs);
    const said = await Promise.all(starters.map(({ says }) => says()));
    const winners = starters.filter((_, index) => said[index] === "won");
    expect(winners.map(({ child }) => child.pid)).toEqual([parseProcessId(readFileSync(file, "utf8"))?.pid]);
    expect(readdirSync(folder)).toHaveLength(round + 1);
  }
});

describe("a lock counts for nothing", () => {
  test("when its owner's number is another process' by now", () => {
    write({ pid: process.pid, startTicks: "1" });
    expect(takeLock(path).owner).toBeNull();
    expect(owner()).toEqual(self());
  });

  test("when its owner has ended and nobody has waited for it", async () => {
    // The shell becomes sleep, which never waits for the child it inherits.
    const parent = spawn("sh", ["-c", "sleep 1000 & echo $!; exec sleep 1000"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(parent);
    const [number] = await once(parent.stdout, "data");
    const id = identify(Number(String(number)));
    if (id === null) throw new Error("the child never ran");
    write(id);
    expect(takeLock(path).owner).toEqual(id);
    process.kill(id.pid, "SIGKILL");
    await expect.poll(() => identify(id.pid)).toBeNull();
    expect(readFileSync(`/proc/${id.pid}/stat`, "utf8")).toContain(") Z ");
    expect(takeLock(path).owner).toBeNull();
  });

  test.each([
    "",
    "{",
    "4194305",
    "null",
    '{"pid":-1,"startTicks":"1"}',
    '{"pid":1,"startTicks":1}',
    '{"pid":"1"}',
    "\0",
  ])("when it names nobody: %j", (text) => {
    writeFileSync(path, text);
    expect(takeLock(path).owner).toBeNull();
  });

  test("also when whoever was taking it away was killed, and the next one too", async () => {
    const [first, second, third] = [await dead(), await dead(), await dead()];
    const claim = `${path}.${first.pid}-${first.startTicks}`;
    write(first);
    write(second, claim);
    write(third, `${claim}.${second.pid}-${second.startTicks}`);
    expect(takeLock(path).owner).toBeNull();
    expect(owner()).toEqual(self());
  });
});

describe("a lock stands", () => {
  test("while its owner lives, also against the owner itself", () => {
    const { lock } = takeLock(path);
    expect(takeLock(path)).toEqual({ lock: null, owner: self() });
    lock?.release();
    expect(readdirSync(folder)).toEqual([]);
    expect(takeLock(path).owner).toBeNull();
  });

  test("while a living process is taking the dead owner's file away", async () => {
    const gone = await dead();
    write(gone);
    write(self(), `${path}.${gone.pid}-${gone.startTicks}`);
    expect(takeLock(path)).toEqual({ lock: null, owner: self() });
    expect(owner()).toEqual(gone);
  });

  test("when it cannot be read: that is an error which names the file", () => {
    mkdirSync(path);
    expect(() => takeLock(path)).toThrow(LockError);
    expect(() => takeLock(path)).toThrow(path);
    expect(readdirSync(folder)).toEqual(["lock"]);
  });

  test("when people gave it to another: giving it back leaves that one's", async () => {
    const { lock } = takeLock(path);
    const other = { pid: process.ppid, startTicks: identify(process.ppid)?.startTicks ?? "" };
    write(other);
    lock?.release();
    expect(owner()).toEqual(other);
  });
});

describe.runIf(namespaces && flocks)(
  "between PID namespaces, as of two containers on one volume (needs unshare and flock)",
  () => {
    test.each([
      ["held outside, it is refused inside", false],
      ["held inside, it is refused outside", true],
    ])("%s, and free once its owner is killed", async (_, holderInside) => {
      const [holder, taker] = [await starter(holderInside), await starter(!holderInside)];
      holder.take(path);
      expect(await holder.says()).toBe("won");
      const named = readFileSync(path, "utf8");
      for (let i = 0; i < 3; i++) {
        taker.take(path);
        expect(await taker.says()).toBe("lost");
      }
      expect(readFileSync(path, "utf8")).toBe(named);
      expect(readdirSync(folder)).toEqual(["lock"]);
      holder.child.kill("SIGKILL");
      await once(holder.child, "exit");
      // The kernel gives it back when the last process of the namespace is gone, which `unshare` does not wait for.
      await expect
        .poll(
          async () => {
            taker.take(path);
            return await taker.says();
          },
          { timeout: 20_000 },
        )
        .toBe("won");
    });

    test("of two inside, each in its own, one goes on", async () => {
      const both = [await starter(true), await starter(true)];
      const atMs = Date.now() + 20;
      for (const { take } of both) take(path, atMs);
      expect((await Promise.all(both.map(({ says }) => says()))).sort()).toEqual(["lost", "won"]);
    });
  },
);

describe("an owner of another PID namespace", () => {
  const foreign = (bootId: string) => JSON.stringify({ ...self(), pidNamespace: "pid:[1]", bootId, flocked: false });
  const thisBoot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();

  test("that holds nothing but its number is no dead one: that is an error, and its file stays", () => {
    writeFileSync(path, foreign(thisBoot));
    expect(() => takeLock(path)).toThrow(LockError);
    expect(() => takeLock(path)).toThrow(/another container/);
    expect(readFileSync(path, "utf8")).toBe(foreign(thisBoot));
    expect(readdirSync(folder)).toEqual(["lock"]);
  });

  test("is dead when the host was started anew since", () => {
    writeFileSync(path, foreign("00000000-0000-0000-0000-000000000000"));
    expect(takeLock(path).owner).toBeNull();
  });

  test.runIf(flocks)("that said it has a flock and has none any more is dead", () => {
    writeFileSync(path, JSON.stringify({ ...self(), pidNamespace: "pid:[1]", bootId: thisBoot, flocked: true }));
    expect(takeLock(path).owner).toBeNull();
  });
});

test("what a lock's owner starts does not hold it on", async () => {
  const { lock } = takeLock(path);
  const child = spawn("sleep", ["1000"]);
  children.push(child);
  await once(child, "spawn");
  const open = readdirSync(`/proc/${child.pid}/fd`).map((fd) => readlinkSync(`/proc/${child.pid}/fd/${fd}`));
  expect(open.filter((file) => file.startsWith(folder))).toEqual([]);
  lock?.release();
  // Twice gives nothing back that is another's by now.
  lock?.release();
  expect(readdirSync(folder)).toEqual([]);
});

describe("waiting for a lock", () => {
  test("ends with the owner's name once the bound is reached", async () => {
    takeLock(path);
    const waits: ProcessId[] = [];
    const waited = waitForLock(path, { waitMsMax: 150, onWait: (id) => waits.push(id) });
    await expect(waited).rejects.toThrow(`process ${process.pid} has held it`);
    expect(waits).toEqual([self()]);
  });

  test("goes on when the owner is killed", async () => {
    const holder = await starter();
    holder.take(path);
    expect(await holder.says()).toBe("won");
    const lock = await waitForLock(path, { waitMsMax: 20_000, onWait: () => holder.child.kill("SIGKILL") });
    expect(owner()).toEqual(self());
    lock.release();
  });

  test("lets one in at a time", async () => {
    let inside = 0;
    const turn = async () => {
      const lock = await waitForLock(path, { waitMsMax: 20_000 });
      inside += 1;
      await new Promise(setImmediate);
      expect(inside).toBe(1);
      inside -= 1;
      lock.release();
    };
    await Promise.all([turn(), turn(), turn()]);
  });
});
