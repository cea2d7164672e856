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

/** Far more than any of these tests takes. */
const GRANTED_S = 1_200;
/** Grants as if most of the time had gone by already, so that a test need not wait for its end. */
async function grantFor(ms: number, more: { once?: boolean } = {}) {
  const now = Date.now();
  const ctx = { ...boxes.fleet.owner, clock: () => new Date(now + ms - GRANTED_S * 1_000) };
  const input = { sandboxIds: [id], ...scope, seconds: GRANTED_S, reason: "a test", ...more };
  const granted = await exception.grant({ ctx, input });
  if (granted.outcome !== "applied") throw new Error("it was proposed");
  return { rule: `exception:${granted.exceptionIds[0]}`, id: granted.exceptionIds[0] ?? "", untilMs: now + ms };
}
const told: Awaited<ReturnType<typeof decision.list>>["items"] = [];
let cursor = 0;
/** What the hub was told of, asked for from where the last look ended: there are twenty a second. */
const posts = async (rule?: string) => {
  for (let more = true; more; ) {
    const page = await decision.list({ ctx: boxes.fleet.owner, input: { sandboxId: id, after: cursor, limit: 500 } });
    told.push(...page.items);
    // Not the newest of all that there are: a busy machine lets more than a page gather between two looks.
    cursor = page.items.at(-1)?.cursor ?? cursor;
    more = page.items.length === 500;
  }
  return told.filter((each) => each.method === "POST" && (rule === undefined || each.rule === rule));
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

/** A kill of hub, node agent and gateway and what is seen afterwards must fit in: as long as this machine takes to start them, and more. */
let inForceMs = 12_000;
beforeAll(async () => {
  const began = performance.now();
  boxes = await startBoxes();
  inForceMs += performance.now() - began;
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
    const { rule, id: exceptionId } = await grantFor(900_000);
    await until(async () => (await posts(rule)).length > 0);
    await exception.end({ ctx: boxes.fleet.owner, input: { exceptionId } });
    await deniedAgain(Date.now());
    const count = (await posts(rule)).length;
    await deniedAgain(Date.now());
    expect((await posts(rule)).length).toBe(count);
  });

  it("for once is once, over kills of gateway and node agent", async () => {
    const known = served();
    const { rule } = await grantFor(900_000, { once: true });
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
