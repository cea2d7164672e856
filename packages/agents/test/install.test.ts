import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setImmediate as nextTick } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { AgentError, agentInstalled, agentPlugins, installAgent } from "../src/index.ts";
import { underLock } from "../src/install-lock.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "creel-install-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function lay(path: string, content: unknown): Promise<void> {
  const file = join(root, "agents/pi", path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, typeof content === "string" ? content : JSON.stringify(content));
}
const lock = (version: string, more = {}) => ({ packages: { "": {}, "node_modules/x": { version }, ...more } });

test("an agent counts as installed only when it is whole and in the versions of its lock", async () => {
  expect(await agentInstalled(root, "pi")).toBe(false);
  await lay(agentPlugins.pi.entry(process.arch) ?? "", "");
  await lay("package-lock.json", lock("1.0.0", { "node_modules/of-another-platform": { version: "2.0.0" } }));
  // The file npm writes last is missing: somebody pressed Ctrl-C in the middle.
  expect(await agentInstalled(root, "pi")).toBe(false);
  await lay("node_modules/.package-lock.json", lock("0.9.0"));
  expect(await agentInstalled(root, "pi")).toBe(false);
  await lay("node_modules/.package-lock.json", lock("1.0.0"));
  expect(await agentInstalled(root, "pi")).toBe(true);
  expect(await agentInstalled(root, "command")).toBe(true);
});

test("a failed installation names the agent, the reason and the remedy, and frees the lock", async () => {
  await lay("package.json", { name: "x", version: "0.0.0", dependencies: { y: "1.0.0" } });
  await lay("package-lock.json", { name: "x", version: "0.0.0", lockfileVersion: 3, packages: { "": { name: "x" } } });
  for (let time = 0; time < 2; time += 1) {
    const error = await installAgent(root, "pi", () => {}).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(AgentError);
    expect(String(error)).toMatch(/pi.*ended with 1.*try again/s);
  }
});

const lockOf = (waitMsMax: number, said: string[] = []) => ({
  file: join(root, "lock"),
  title: "pi",
  waitMsMax,
  onProgress: (line: string) => void said.push(line),
});

test("an installation that another process does not let in says which one, and ends", async () => {
  const said: string[] = [];
  const never = () => Promise.reject(new Error("two at once"));
  const refused = underLock(lockOf(20_000), () => underLock(lockOf(100, said), never));
  await expect(refused).rejects.toThrow(AgentError);
  await expect(refused).rejects.toThrow(`process ${process.pid} has held it`);
  expect(said).toEqual([`Waiting for process ${process.pid}, which is installing pi…`]);
});

test("two installations wait for each other, and a lock whose owner's number is another process' is taken over", async () => {
  await writeFile(join(root, "lock"), JSON.stringify({ pid: process.pid, startTicks: "1" }));
  let inside = 0;
  const work = async () => {
    inside += 1;
    await nextTick();
    expect(inside).toBe(1);
    inside -= 1;
  };
  const lock = lockOf(20_000);
  await Promise.all([underLock(lock, work), underLock(lock, work), underLock(lock, work)]);
});
