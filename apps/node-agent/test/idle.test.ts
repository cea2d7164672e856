import { statSync } from "node:fs";
import { join } from "node:path";
import { decision } from "@creel/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Boxes, startBoxes } from "./boxes.ts";
import { HOST, policyYaml, until } from "./fleet.ts";

const node = (source: string): string[] => ["/opt/node/bin/node", "-e", source];
const idlePolicy = (seconds: number): string =>
  policyYaml(["GET"]).replace("version: 1\n", `version: 1\nsandbox:\n  limits: { idle_seconds: ${seconds} }\n`);
/** Is connected to a host that it may use, and asks it nothing. */
const HOLDS = `require("node:tls").connect({ host: "${HOST}", port: 443, rejectUnauthorized: false }).on("error", () => 0); setInterval(() => 0, 1000);`;
const ASKS_A_WHILE = `
(async () => { for (let n = 0; n < 6; n++) { await fetch("https://${HOST}/api/" + n).catch(() => 0); await new Promise((resolve) => setTimeout(resolve, 400)); } setInterval(() => 0, 1000); })();`;
const WAITS = `fetch("https://${HOST}/api/wait").then((answer) => answer.text()).catch(() => 0); setInterval(() => 0, 1000);`;

/** Longer than Node takes to start inside and ask, on a busy machine too. */
const TALKATIVE_IDLE_S = 5;

let boxes: Boxes;
beforeAll(async () => {
  boxes = await startBoxes();
});
afterAll(async () => await boxes?.close());

describe.concurrent("an idle time", () => {
  it("idling ends the sandbox, and a policy's bound tightens the fleet's; a connection on which nothing is asked is idle", async () => {
    const idle = await boxes.make("idle", { yaml: idlePolicy(1), limits: { idleSecondsMax: 3600 } });
    const holds = await boxes.make("holds", { policyId: idle.policyId, command: node(HOLDS) });
    for (const { id } of [idle, holds])
      expect(await boxes.inPhase(id, "exited")).toMatchObject({
        cause: "idle",
        reason: expect.stringContaining("for 1 s"),
      });
  });

  it("what writes or asks is not idle: the end comes no earlier than its idle time after the last of it", async () => {
    const writes = await boxes.make("writes", {
      yaml: idlePolicy(TALKATIVE_IDLE_S),
      script: "for n in 1 2 3 4 5 6; do echo $n; sleep 0.4; done; exec sleep 300",
    });
    const talks = await boxes.make("talks", { policyId: writes.policyId, command: node(ASKS_A_WHILE) });
    const endOf = async (id: string) => Date.parse((await boxes.inPhase(id, "exited")).ends?.[0]?.at ?? "");
    const wroteAt = (await endOf(writes.id)) - TALKATIVE_IDLE_S * 1000;
    expect(statSync(join(boxes.fleet.nodeDir, "sandboxes", writes.id, "log")).mtimeMs).toBeLessThanOrEqual(wroteAt);
    const askedAt = (await endOf(talks.id)) - TALKATIVE_IDLE_S * 1000;
    const asked = await until(async () => {
      const { items } = await decision.list({ ctx: boxes.fleet.owner, input: { sandboxId: talks.id, limit: 500 } });
      return items.length > 0 && items;
    });
    for (const each of asked) expect(Date.parse(each.time)).toBeLessThanOrEqual(askedAt);
  });

  it("what waits for an answer is not idle, however long it takes", async () => {
    const { id } = await boxes.make("waits", { yaml: idlePolicy(TALKATIVE_IDLE_S), command: node(WAITS) });
    const answer = await until(() => boxes.fleet.world.waiting[0]);
    const askedAt = Date.now();
    await until(() => Date.now() - askedAt > TALKATIVE_IDLE_S * 1_500);
    expect(await boxes.status(id)).toMatchObject({ phase: "running" });
    const answeredAt = Date.now();
    answer.end("at last");
    const { cause, ends } = await boxes.inPhase(id, "exited");
    expect(cause).toBe("idle");
    expect(Date.parse(ends?.[0]?.at ?? "")).toBeGreaterThanOrEqual(answeredAt + TALKATIVE_IDLE_S * 1_000);
  });
});
