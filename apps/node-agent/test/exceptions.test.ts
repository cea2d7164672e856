import { readdirSync } from "node:fs";
import { join } from "node:path";
import { agentRequest, decision, exception, sandbox } from "@creel/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ASKS, type Boxes, startBoxes } from "./boxes.ts";
import { HOST, until } from "./fleet.ts";

let boxes: Boxes;
let id = "";
const NODE = "/opt/node/bin/node";
const scope = { binary: NODE, host: HOST, port: 443, method: "POST", path: "/api/*" };

/** Grants as if some of the time had gone by already, so that a test need not wait for a minute. */
async function grantFor(ms: number, more: { once?: boolean } = {}) {
  const now = Date.now();
  const ctx = { ...boxes.fleet.owner, clock: () => new Date(now + ms - 60_000) };
  const input = { sandboxIds: [id], ...scope, seconds: 60, reason: "a test", ...more };
  const granted = await exception.grant({ ctx, input });
  if (granted.outcome !== "applied") throw new Error("it was proposed");
  return { rule: `exception:${granted.exceptionIds[0]}`, id: granted.exceptionIds[0] ?? "", untilMs: now + ms };
}
const posts = async (rule?: string) => {
  const all = [];
  for (let after = 0; ; ) {
    const page = await decision.list({ ctx: boxes.fleet.owner, input: { sandboxId: id, after, limit: 500 } });
    all.push(...page.items.filter((each) => each.method === "POST" && (rule === undefined || each.rule === rule)));
    if (page.items.length < 500) return all;
    after = page.lastCursor;
  }
};
/** As the node itself wrote down, which no hub was told of yet. */
const deniedHere = (afterMs: number) =>
  until(() =>
    readdirSync(join(boxes.fleet.nodeDir, "journal"))
      .filter((name) => name.endsWith(".jsonl"))
      .flatMap((name) => boxes.fleet.read(join("journal", name)).split("\n"))
      .some((line) => {
        const found = /"time":"([^"]+)".*"method":"POST".*"decision":"deny"/.exec(line);
        return Date.parse(found?.[1] ?? "") > afterMs;
      }),
  );
const served = () => boxes.fleet.world.served.filter((line) => line.startsWith("POST")).length;
const deniedAgain = (afterMs: number) =>
  until(async () => (await posts()).some((each) => each.decision === "deny" && Date.parse(each.time) > afterMs));

/** Asks people for one POST, waits, and does it once it hears that it may; then once more. */
const WAITS = `
const own = "http://creel.local/v1/requests";
const wish = { host: "${HOST}", port: 443, method: "POST", path: "/asked", reason: "to file the report\\u202e" };
const said = await (await fetch(own, { method: "POST", body: JSON.stringify(wish) })).json();
console.log("asked", said.state);
const heard = await (await fetch(own + "/" + said.id + "?wait=60")).json();
console.log("heard", heard.state, heard.answer);
for (let n = 1; n <= 2; n++) console.log("did", n, (await fetch("https://${HOST}/asked", { method: "POST" })).status);
setInterval(() => {}, 1000);`;

/** A kill of hub, node agent and gateway and what is seen afterwards must fit in: as long as this machine takes to start them, twice. */
let inForceMs = 12_000;
/** A grant is for a minute, of which some has gone by. */
const GRANTED_MS_MAX = 58_000;
beforeAll(async () => {
  const began = performance.now();
  boxes = await startBoxes();
  inForceMs = Math.min(GRANTED_MS_MAX, inForceMs + 2 * (performance.now() - began));
  ({ id } = await boxes.make("asking", { command: [NODE, "-e", ASKS] }));
  await boxes.inPhase(id, "running");
  await until(async () => (await posts()).some((each) => each.decision === "deny"));
});
afterAll(async () => await boxes?.close());

describe("an exception on a node", () => {
  it("ends at its instant with the hub dead, and over a kill of node agent and gateway", async () => {
    const before = await sandbox.get({ ctx: boxes.fleet.owner, input: { sandboxId: id } });
    const { rule, untilMs } = await grantFor(inForceMs);
    await until(async () => (await posts(rule)).length > 0);
    await boxes.fleet.restartHub("SIGKILL", async () => {
      await boxes.fleet.restartAgent("SIGKILL");
      const known = served();
      await until(() => served() > known);
      // It was in force over the kill, and a denial that was made afterwards says that it is not any more.
      await until(() => Date.now() > untilMs);
      await deniedHere(untilMs);
      const after = served();
      await deniedHere(Date.now());
      expect(served()).toBe(after);
    });
    await deniedAgain(untilMs);
    const all = await posts(rule);
    expect(all.length).toBeGreaterThan(1);
    for (const each of all) expect(Date.parse(each.time)).toBeLessThanOrEqual(untilMs);
    const after = await sandbox.get({ ctx: boxes.fleet.owner, input: { sandboxId: id } });
    expect(after.policyDigest).toBe(before.policyDigest);
    expect(after.status?.pid).toBe(before.status?.pid);
  });

  it("is over at once when somebody ends it", async () => {
    const { rule, id: exceptionId } = await grantFor(50_000);
    await until(async () => (await posts(rule)).length > 0);
    await exception.end({ ctx: boxes.fleet.owner, input: { exceptionId } });
    await deniedAgain(Date.now());
    const count = (await posts(rule)).length;
    await deniedAgain(Date.now());
    expect((await posts(rule)).length).toBe(count);
  });

  it("for once is once, over kills of gateway and node agent", async () => {
    const known = served();
    const { rule } = await grantFor(50_000, { once: true });
    await until(async () => (await posts(rule)).length > 0);
    const gateway = await boxes.fleet.gatewayPid();
    process.kill(gateway, "SIGKILL");
    await until(async () => (await boxes.fleet.gatewayPid()) !== gateway);
    await deniedAgain(Date.now());
    await boxes.fleet.restartAgent("SIGKILL");
    await deniedAgain(Date.now());
    expect(await posts(rule)).toHaveLength(1);
    expect(served()).toBe(known + 1);
    const [mine] = (await exception.list({ ctx: boxes.fleet.owner, input: { sandboxId: id, limit: 1 } })).items;
    expect(mine?.state).toBe("used");
  });

  it("that an agent asked for is in force when the agent, waiting inside, hears of it, and is for once", async () => {
    const asker = await boxes.make("asker", { command: [NODE, "--input-type=module", "-e", WAITS] });
    const request = await until(async () => {
      const { items } = await agentRequest.list({ ctx: boxes.fleet.owner, input: { waiting: true } });
      return items.find(({ sandboxId }) => sandboxId === asker.id);
    });
    expect(request).toMatchObject({ host: HOST, method: "POST", path: "/asked", state: "waiting", binary: NODE });
    const input = { requestId: request.id, verdict: "allow" as const, once: true, note: "once, for the report" };
    await agentRequest.answer({ ctx: boxes.fleet.owner, input });
    await boxes.logged(asker.id, "heard allowed once, for the report");
    await boxes.logged(asker.id, "did 1 200");
    await boxes.logged(asker.id, "did 2 403");
  });
});
