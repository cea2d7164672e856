import type { ClientHttp2Session } from "node:http2";
import type { InferenceRequest } from "@creel/router";
import { afterEach, describe, expect, it } from "vitest";
import { fixedSource } from "../src/index.ts";
import { answerOf, ask2, createHttp2Upstream, http2Through } from "./support/http2Client.ts";
import { createWorld, type World, type WorldOptions } from "./support/world.ts";

/** What a policy can say beyond method and path holds for streams of HTTP/2 as it does for requests of HTTP/1.1. */
const HOST = "api.example.com";
const SECRET = "sk-live-0123456789abcdef";
const PLACEHOLDER = "creel-placeholder-TOKEN";
const policy = (endpoint: string, more = "", top = "") => `version: 1
${top}network_policies:
  api:
    endpoints:
      - host: ${HOST}
        port: 443
${endpoint.replace(/^/gm, "        ")}
    binaries:
      - path: /usr/bin/curl
${more}`;
const REST = 'protocol: rest\nrules: [{ allow: { method: "*", path: "/v1/**" } }]';

let world: World;
let session: ClientHttp2Session;
let heard: { path: string; authorization: string; body: string; trailers: Record<string, unknown> }[] = [];
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  session.destroy();
  await world.close();
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** A server that tells back what it was told, in head, body and trailers. */
async function start(yaml: string, extra: Partial<WorldOptions> = {}, host = HOST): Promise<void> {
  heard = [];
  const upstream = await createHttp2Upstream(HOST, (server) =>
    server.on("stream", async (stream, headers) => {
      stream.on("error", () => {});
      const seen = {
        path: String(headers[":path"]),
        authorization: headers.authorization ?? "",
        body: "",
        trailers: {},
      };
      stream.on("trailers", (trailers) => {
        seen.trailers = { ...trailers };
      });
      try {
        for await (const chunk of stream) seen.body += chunk;
      } catch {
        return;
      }
      if (stream.closed) return;
      heard.push(seen);
      stream.respond({ ":status": 200, "x-echo": seen.authorization }, { waitForTrailers: true });
      stream.once("wantTrailers", () => stream.sendTrailers({ "x-again": seen.authorization }));
      for (const letter of `got ${seen.authorization}.`) stream.write(letter);
      stream.end();
    }),
  );
  cleanups.push(() => upstream.close());
  world = await createWorld({
    yaml,
    resolve: { [`${HOST}:443`]: `127.0.0.1:${upstream.port}` },
    upstreamCa: [upstream.caPem],
    ...extra,
  });
  session = await http2Through(await world.door(host, 443), { host, ca: world.ca.certificatePem });
}

describe("over HTTP/2", () => {
  it("a body is judged before any of it leaves", async () => {
    await start(policy("protocol: graphql\nrules: [{ allow: { operation_type: query } }]"));
    const ask = (query: string) =>
      ask2(
        session,
        { ":method": "POST", ":path": "/graphql", "content-type": "application/json" },
        JSON.stringify({ query }),
      );
    expect((await ask("{ me { name } }")).status).toBe(200);
    expect((await ask("mutation { drop }")).status).toBe(403);
    expect(heard).toHaveLength(1);
    expect(heard[0]?.body).toContain("me { name }");
  });

  it("a secret is put in, and comes back in no head, body or trailer", async () => {
    await start(policy(REST, `credentials:\n  TOKEN:\n    endpoints:\n      - { host: ${HOST}, port: 443 }\n`), {
      credentials: [{ name: "TOKEN", placeholder: PLACEHOLDER, source: fixedSource(SECRET) }],
    });
    const answer = await ask2(session, { ":path": "/v1/x", authorization: `Bearer ${PLACEHOLDER}` });
    expect(heard[0]?.authorization).toBe(`Bearer ${SECRET}`);
    expect(answer.headers["x-echo"]).toBe(`Bearer ${PLACEHOLDER}`);
    expect(answer.trailers["x-again"]).toBe(`Bearer ${PLACEHOLDER}`);
    expect(answer.body).not.toContain(SECRET);
  });

  it("a placeholder in a trailer is refused, and the request never ends", async () => {
    await start(policy(REST, `credentials:\n  TOKEN:\n    endpoints:\n      - { host: ${HOST}, port: 443 }\n`), {
      credentials: [{ name: "TOKEN", placeholder: PLACEHOLDER, source: fixedSource(SECRET) }],
    });
    const stream = session.request({ ":method": "POST", ":path": "/v1/x" }, { waitForTrailers: true });
    stream.on("error", () => {});
    stream.once("wantTrailers", () => stream.sendTrailers({ "x-sum": PLACEHOLDER }));
    stream.end("body");
    await expect(answerOf(stream)).rejects.toThrow();
    expect(heard).toEqual([]);
    await expect.poll(() => world.records.some(({ reason }) => reason.includes("trailer carries"))).toBe(true);
  });

  it("monitor mode lets through what it would deny and says so", async () => {
    await start(policy(REST, "", "mode: monitor\n"));
    expect((await ask2(session, { ":path": "/v2/x" })).status).toBe(200);
    await expect.poll(() => world.records[0]?.decision).toBe("would_deny");
  });

  it("an entry's limits end it", async () => {
    await start(policy(REST, "    limits: { requests: 2, per: day }\n"));
    const statuses = await Promise.all([1, 2, 3].map(async () => (await ask2(session, { ":path": "/v1/x" })).status));
    expect(statuses.filter((status) => status === 200)).toHaveLength(2);
    expect(heard).toHaveLength(2);
  });

  it("a journal that cannot be written stops every stream", async () => {
    await start(policy(REST), {
      onProblem: () => {},
      journal: {
        boot: "x",
        append: () => Promise.reject(new Error("No space left.")),
        end: () => {},
        close: async () => {},
      },
    });
    const answers = await Promise.all([1, 2].map(() => ask2(session, { ":path": "/v1/x" })));
    expect(answers.map(({ status, json }) => [status, json.reason])).toEqual([
      [403, "No space left."],
      [403, "No space left."],
    ]);
    expect(heard).toEqual([]);
  });

  it("another program is refused on each stream, in one line", async () => {
    await start(policy(REST));
    world.identity.current = { path: "/usr/bin/python3", sha256: "b".repeat(64), pid: 8, ancestors: [] };
    session.destroy();
    session = await http2Through(await world.door(HOST, 443), { host: HOST, ca: world.ca.certificatePem });
    const answer = await ask2(session, { ":path": "/v1/x" });
    expect(answer.json).toMatchObject({ error: "policy_denied", binary: "/usr/bin/python3" });
    expect(world.records).toHaveLength(1);
    expect(heard).toEqual([]);
  });

  it("the model host answers, streamed", async () => {
    const asked: InferenceRequest[] = [];
    async function* body() {
      yield Buffer.from("data: a\n\n");
      yield Buffer.from("data: b\n\n");
    }
    const router = {
      async handle(request: InferenceRequest) {
        asked.push(request);
        const headers = { "content-type": "text/event-stream" };
        return { status: 200, headers, body: body(), info: { protocol: "openai-chat" as const, model: "m" } };
      },
    };
    await start(policy(REST), { router }, "inference.local");
    const answer = await ask2(
      session,
      { ":method": "POST", ":path": "/v1/chat/completions", "content-type": "application/json" },
      JSON.stringify({ model: "creel-scripted-demo", messages: [] }),
    );
    expect(answer.body).toBe("data: a\n\ndata: b\n\n");
    expect(asked[0]?.path).toBe("/v1/chat/completions");
    await expect.poll(() => world.records[0]).toMatchObject({ kind: "inference", decision: "allow", bytesIn: 18 });
  });

  it("the gateway tells of itself", async () => {
    await start(policy(REST), {}, "creel.local");
    expect((await ask2(session, { ":path": "/" })).json).toMatchObject({ sandbox: "box", generation: 1 });
  });
});
