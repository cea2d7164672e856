import { request as httpRequest } from "node:http";
import type { AgentRequest } from "@creel/protocol";
import { afterEach, describe, expect, it } from "vitest";
import { requestId } from "../src/own/requests.ts";
import { ask as askUpstream } from "./support/client.ts";
import { CURL, createWorld, type World } from "./support/world.ts";

const NOTHING = "version: 1\nnetwork_policies: {}\n";
const WISH = { host: "api.example.com", port: 443, method: "POST", path: "/items/*", reason: "to file the report" };

let world: World;
let asked: AgentRequest[] = [];
afterEach(async () => await world?.close());

async function open(more: Partial<Parameters<typeof createWorld>[0]> = {}) {
  asked = [];
  world = await createWorld({ yaml: NOTHING, onAgentRequest: (request) => void asked.push(request), ...more });
  const door = await world.door("creel.local", 80);
  const say = (method: string, path: string, body?: unknown) =>
    new Promise<{ status: number; json: Record<string, unknown> }>((resolve, reject) => {
      const headers = { host: "creel.local" };
      const req = httpRequest({ host: "127.0.0.1", port: door, method, path, headers, agent: false }, (res) => {
        let text = "";
        res.on("data", (chunk) => {
          text += chunk;
        });
        res.on("end", () => resolve({ status: res.statusCode ?? 0, json: JSON.parse(text) }));
      });
      req.on("error", reject);
      req.end(body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body));
    });
  return { say, ask: (body: unknown) => say("POST", "/v1/requests", body) };
}

describe("an agent that asks people", () => {
  it("is told that it waits, and what was asked goes out with its program and its claim", async () => {
    const { ask } = await open();
    const told = await ask(WISH);
    expect(told).toMatchObject({ status: 202, json: { state: "waiting", answer: "" } });
    expect(asked).toEqual([{ ...WISH, id: told.json.id, sandboxId: "box", binary: CURL.path, again: true }]);
  });

  it("gets nothing by asking", async () => {
    const { ask } = await open();
    await ask(WISH);
    world.gateway.answerAgents([{ id: asked[0]?.id ?? "", state: "allowed", answer: "" }]);
    const door = await world.door("api.example.com", 443);
    const over = { door, host: "api.example.com", ca: world.ca.certificatePem, method: "POST", path: "/items/7" };
    expect((await askUpstream(over)).status).toBe(403);
  });

  it("asks once, however often it asks the same", async () => {
    const { ask } = await open();
    const ids = new Set<unknown>();
    for (let n = 0; n < 20; n++) ids.add((await ask({ ...WISH, reason: `again ${n}` })).json.id);
    expect(ids.size).toBe(1);
    expect(asked).toHaveLength(1);
  });

  it("waits for the answer and hears it as soon as it is there", async () => {
    const { ask, say } = await open();
    const id = String((await ask(WISH)).json.id);
    const waiting = say("GET", `/v1/requests/${id}?wait=60`);
    const short = await say("GET", `/v1/requests/${id}`);
    expect(short).toMatchObject({ status: 200, json: { state: "waiting" } });
    world.gateway.answerAgents([{ id, state: "denied", answer: "Use the other tracker." }]);
    expect(await waiting).toMatchObject({ status: 200, json: { state: "denied", answer: "Use the other tracker." } });
  });

  it("hears at once that it waits for approvals now, waits on, and is not woken by what it has heard", async () => {
    const { ask, say } = await open();
    const id = String((await ask(WISH)).json.id);
    const look = () => say("GET", `/v1/requests/${id}?wait=60`);
    const first = look();
    await say("GET", `/v1/requests/${id}`);
    const told = { id, state: "waiting" as const, answer: "Waiting for approvals. For the release." };
    world.gateway.answerAgents([told]);
    expect(await first).toMatchObject({ status: 200, json: told });
    const second = look();
    await say("GET", `/v1/requests/${id}`);
    world.gateway.answerAgents([told]);
    world.gateway.answerAgents([{ id, state: "allowed", answer: "For the release." }]);
    expect(await second).toMatchObject({ status: 200, json: { state: "allowed" } });
  });

  it("hears of no other sandbox's request and of none that was not made", async () => {
    const { say } = await open();
    const foreign = requestId("another", { ...WISH, binary: CURL.path });
    world.gateway.answerAgents([{ id: foreign, state: "allowed", answer: "secret" }]);
    expect((await say("GET", `/v1/requests/${foreign}?wait=60`)).status).toBe(404);
    for (const path of ["/v1/requests/", "/v1/requests/x", `/v1/requests/${foreign}/x`])
      expect((await say("GET", path)).status).toBe(404);
  });

  it("asks for no more than ten new things a minute", async () => {
    const at = { now: Date.now() };
    const { ask } = await open({ now: () => at.now });
    const statuses = [];
    for (let n = 0; n < 11; n++) statuses.push((await ask({ ...WISH, port: 1000 + n })).status);
    expect(statuses).toEqual([...new Array(10).fill(202), 429]);
    at.now += 20_500;
    const told = await ask({ ...WISH, port: 1010 });
    expect(told.json.reason).toBe("10 new things may be asked for in a minute. Ask again in 40 s.");
    // However often it is refused, the minute is over when it is over.
    at.now += 39_500;
    expect((await ask({ ...WISH, port: 1010 })).status).toBe(202);
  });

  it("has no more than thirty-two things waiting", async () => {
    const at = { now: Date.now() };
    const { ask } = await open({ now: () => at.now });
    for (let n = 0; n < 32; n++) {
      at.now += 60_000;
      expect((await ask({ ...WISH, port: 1000 + n })).status).toBe(202);
    }
    at.now += 60_000;
    const told = await ask({ ...WISH, port: 2000 });
    expect(told).toMatchObject({ status: 429, json: { error: "too_many" } });
    expect(told.json.reason).toMatch(/^32 requests of this sandbox wait for people\./);
    world.gateway.answerAgents([{ id: asked[0]?.id ?? "", state: "denied", answer: "" }]);
    at.now += 60_000;
    expect((await ask({ ...WISH, port: 2000 })).status).toBe(202);
  });

  it("lets no more than eight looks wait", async () => {
    const { ask, say } = await open();
    const id = String((await ask(WISH)).json.id);
    const looks = Array.from({ length: 9 }, () => say("GET", `/v1/requests/${id}?wait=60`));
    expect((await Promise.race(looks)).json.state).toBe("waiting");
    world.gateway.answerAgents([{ id, state: "allowed", answer: "" }]);
    const states = (await Promise.all(looks)).map(({ json }) => json.state);
    expect(states.filter((state) => state === "allowed")).toHaveLength(8);
  });

  it.each<[string, unknown, RegExp]>([
    ["no JSON", "{", /^The body is no JSON\. It should look like \{"host"/],
    ["nothing", "", /^The body is no JSON/],
    ["a list", [WISH], /^The body is no object\. It should look like/],
    ["a host that is no text", { ...WISH, host: 7 }, /^`host` is the one name/],
    ["no host", { ...WISH, host: undefined }, /^`host` is the one name/],
    ["a pattern in the host", { ...WISH, host: "*.example.com" }, /^The host must be one name/],
    ["a pattern in the program", { ...WISH, binary: "/usr/bin/*" }, /^The program must be one absolute path/],
    ["a program without its path", { ...WISH, binary: "curl" }, /^`binary` is the absolute path/],
    ["no reason", { ...WISH, reason: " " }, /^`reason` says what for, in 1 to 1000 characters/],
    ["a reason of a page", { ...WISH, reason: "x".repeat(1001) }, /^`reason` says what for, in 1 to 1000 characters/],
    ["a path without a method", { ...WISH, method: undefined }, /beside a method/],
    ["two methods", { ...WISH, method: "GET, POST" }, /^`method` is one HTTP method/],
    ["the model's own name", { ...WISH, host: "inference.local" }, /`inference:` says/],
    [
      "a field nobody knows, such as how long",
      { ...WISH, seconds: 9 },
      /^There is no field `seconds`; there are host, port/,
    ],
    ["a field of a page", { ...WISH, ["x".repeat(5000)]: 9 }, /^There is no field `x{64}`;/],
    ["a port that is none", { ...WISH, port: 0 }, /^`port` is a number from 1 to 65535/],
  ])("is refused with %s, and told what to write", async (_what, body, reason) => {
    const { ask } = await open();
    const told = await ask(body);
    expect(told).toMatchObject({ status: 400, json: { error: "invalid" } });
    expect(told.json.reason).toMatch(reason);
    expect(asked).toEqual([]);
  });

  it("finds out how to ask from the page itself, and from each wrong address beside it", async () => {
    const { say } = await open();
    expect((await say("GET", "/")).json.toAskForMore).toContain("http://creel.local/v1/requests/ID?wait=60");
    for (const [method, path] of [
      ["GET", "/v1/requests"],
      ["PUT", "/v1/requests"],
      ["GET", "/v1/requests/mine"],
    ] as const)
      expect(await say(method, path)).toMatchObject({
        status: 404,
        json: { reason: expect.stringContaining('POST {"host"') },
      });
  });

  it("is refused with more than sixteen kilobytes", async () => {
    const { ask } = await open();
    expect((await ask(`"${"x".repeat(17 * 1024)}"`)).status).toBe(413);
  });

  it("is told where nobody can be asked", async () => {
    world = await createWorld({ yaml: NOTHING });
    const door = await world.door("creel.local", 443);
    const over = { door, host: "creel.local", ca: world.ca.certificatePem, method: "POST", path: "/v1/requests" };
    expect((await askUpstream({ ...over, body: JSON.stringify(WISH) })).status).toBe(501);
  });

  it("still reads there what confines it", async () => {
    const { say } = await open();
    expect((await say("GET", "/")).json).toMatchObject({ sandbox: "box", generation: 1 });
  });
});
