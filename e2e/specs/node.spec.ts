import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { eventually, Fleet } from "../support/fleet.ts";

interface NodeRow {
  name: string;
  connected: boolean;
}
const fleet = new Fleet();
const folder = mkdtempSync(join(tmpdir(), "creel-e2e-node-"));
const dir = join(folder, "node");
let agent: ChildProcess | null = null;

test.describe.configure({ mode: "serial" });
test.beforeAll(async () => {
  test.setTimeout(240_000);
  await fleet.start();
});
test.afterAll(async () => {
  test.setTimeout(90_000);
  if (agent !== null && agent.exitCode === null) agent.kill("SIGTERM");
  await fleet.remove();
  rmSync(folder, { recursive: true, force: true });
});

const creel = (args: string[], input = "") =>
  spawnSync(process.execPath, ["apps/cli/bin/creel.js", ...args], {
    encoding: "utf8",
    input,
    env: { ...process.env, CREEL_HOME: folder },
  });
const nodeNamed = async (name: string): Promise<NodeRow | undefined> =>
  (await fleet.api<{ items: NodeRow[] }>("GET", "/nodes")).items.find((node) => node.name === name);
const joinAddress = async (): Promise<string> => (await fleet.api<{ uri: string }>("POST", "/enroll-secrets", {})).uri;

test("a host that has not joined cannot start as a node, and says how to join", () => {
  const early = creel(["node", "start"]);
  expect(early.status).toBe(1);
  expect(early.stderr).toContain("creel node enroll");
});

test("what is no join address, or one that was altered, changes nothing and shows no secret", async () => {
  expect(creel(["node", "enroll", "https://example.com"]).status).toBe(2);
  const uri = await joinAddress();
  const secret = new URLSearchParams(uri.split("?")[1]).get("secret") ?? "";
  const altered = uri.replace(secret, `${secret.slice(0, -4)}AAAA`);
  const refused = creel(["node", "enroll", "-"], altered);
  expect(refused.status).toBe(1);
  expect(refused.stdout + refused.stderr).not.toContain(secret.slice(0, 12));
  expect(existsSync(join(dir, "identity"))).toBe(false);
});

test("an enrolled host runs its node agent, and the address works only once", async () => {
  test.setTimeout(60_000);
  const uri = await joinAddress();
  const joined = creel(["node", "enroll", "-", "--name", "second", "--json"], uri);
  expect(joined.stderr).toBe("");
  expect(JSON.parse(joined.stdout)).toMatchObject({ nodeName: "second", orgSlug: fleet.dev.orgSlug, dir });
  expect(creel(["node", "enroll", "-", "--dir", join(folder, "other")], uri).status).toBe(1);
  expect(creel(["node", "enroll", "-"], uri).stderr).toContain("joined already");

  agent = spawn(process.execPath, ["apps/cli/bin/creel.js", "node", "start"], {
    env: { ...process.env, CREEL_HOME: folder },
    stdio: "ignore",
  });
  await eventually("the second node connected", async () => ((await nodeNamed("second"))?.connected ? true : null));
  const ended = new Promise((resolve) => agent?.once("exit", (code) => resolve(code)));
  agent.kill("SIGINT");
  expect(await ended).toBe(0);
  await eventually("the second node gone", async () => ((await nodeNamed("second"))?.connected ? null : true));
});
