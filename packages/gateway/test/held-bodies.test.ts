import { once } from "node:events";
import { request as httpsRequest } from "node:https";
import type { InferenceRequest } from "@creel/router";
import { afterEach, describe, expect, it } from "vitest";
import { HELD_BODY_BYTES_PER_SANDBOX_MAX, INFERENCE_BODY_BYTES_MAX } from "../src/limits.ts";
import { ask } from "./support/client.ts";
import { createWorld, type World } from "./support/world.ts";

/** Requests whose bodies never end, each as long as one may be: the process that all sandboxes share holds no more than its bound of them. */
const SMALL = JSON.stringify({ model: "m", messages: [] }).padEnd(4096);
const HOST = "inference.local";
const POLICY = `version: 1
network_policies: {}
inference:
  models: ["*"]
`;
const router = {
  async handle({ body }: InferenceRequest) {
    const headers = { "content-type": "text/plain" };
    return {
      status: 200,
      headers,
      body: Buffer.from(String(body.length)),
      info: { protocol: "openai-chat" as const, model: "m" },
    };
  },
};

let world: World;
let door: number;
const open: ReturnType<typeof httpsRequest>[] = [];
afterEach(async () => {
  for (const request of open.splice(0)) request.destroy();
  await world.close();
});

const place = () => ({ host: HOST, door, ca: world.ca.certificatePem });
/** All of a body but its last byte; resolves with the answer's status, or when all of it was taken. */
function hold(): Promise<number | "held"> {
  const request = httpsRequest({
    host: "127.0.0.1",
    port: door,
    servername: HOST,
    ca: world.ca.certificatePem,
    agent: false,
    method: "POST",
    path: "/v1/chat/completions",
    headers: { host: HOST, "content-type": "application/json", "content-length": String(INFERENCE_BODY_BYTES_MAX) },
  });
  open.push(request);
  request.on("error", () => {});
  const answered = once(request, "response").then(([answer]) => Number(answer.statusCode));
  answered.catch(() => {});
  const written = new Promise<"held">((resolve) => {
    request.write(Buffer.alloc(INFERENCE_BODY_BYTES_MAX - 1), () => resolve("held"));
  });
  return Promise.race([answered, written]);
}

describe("bodies that never end", () => {
  it("are held up to a bound of the sandbox; one more is asked to come again, and their room is given back", async () => {
    world = await createWorld({ yaml: POLICY, router });
    door = await world.door(HOST, 443);
    const fits = Math.floor(HELD_BODY_BYTES_PER_SANDBOX_MAX / (INFERENCE_BODY_BYTES_MAX - 1));
    for (let n = 0; n < fits; n += 1) expect(await hold()).toBe("held");
    const small = () =>
      ask({
        ...place(),
        method: "POST",
        path: "/v1/chat/completions",
        headers: { "content-length": "4096" },
        body: SMALL,
      });
    await expect.poll(async () => (await small()).status, { timeout: 8_000 }).toBe(429);
    const answer = await small();
    expect(answer.headers["retry-after"]).toBe("2");
    expect(answer.json.reason).toContain("judged whole");
    expect(world.records.at(-1)).toMatchObject({ kind: "inference", decision: "deny" });
    for (const request of open.splice(0)) request.destroy();
    await expect.poll(async () => (await small()).body, { timeout: 8_000 }).toBe("4096");
    // And what was answered is given back too, or this would be the last.
    for (let n = 0; n < 3; n += 1) expect((await small()).body).toBe("4096");
  });
});
