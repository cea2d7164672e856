import { afterEach, describe, expect, it } from "vitest";
import { scrubStream } from "../src/credentials/scrub.ts";
import { fixedSource } from "../src/index.ts";
import { ask } from "./support/client.ts";
import { createUpstream, createWorld, type Upstream, type World } from "./support/world.ts";

const HOST = "api.example.com";
const OTHER = "other.example.com";
const SECRET = "sk-live-0123456789abcdef";
const PLACEHOLDER = "creel-placeholder-TOKEN";
const credential = (value: string) => ({ name: "TOKEN", placeholder: PLACEHOLDER, source: fixedSource(value) });
const POLICY = `version: 1
network_policies:
  api:
    name: api
    endpoints:
      - { host: ${HOST}, port: 443, protocol: rest, access: full }
      - { host: ${OTHER}, port: 443, protocol: rest, access: full }
    binaries:
      - path: /usr/bin/curl
credentials:
  TOKEN:
    endpoints:
      - { host: ${HOST}, port: 443, path: /v1/** }
`;

let world: World;
let upstreams: Upstream[] = [];
let heard: { url: string; authorization: string | undefined; range: string | undefined }[] = [];

async function start(mode = "enforce") {
  heard = [];
  const make = (host: string) =>
    createUpstream(host, async (req, res) => {
      heard.push({ url: req.url ?? "", authorization: req.headers.authorization, range: req.headers.range });
      const echo = req.headers.authorization ?? "";
      res.setHeader("x-echo", echo);
      res.setHeader("content-type", "text/plain");
      if (req.url === "/packed") res.setHeader("content-encoding", "compress");
      // Byte by byte: no chunk ever holds the secret in one piece.
      for (const letter of `before ${echo} after`) {
        res.write(letter);
        await new Promise((resolve) => setImmediate(resolve));
      }
      res.end();
    });
  upstreams = [await make(HOST), await make(OTHER)];
  world = await createWorld({
    yaml: POLICY.replace("version: 1", `version: 1\nmode: ${mode}`),
    resolve: {
      [`${HOST}:443`]: `127.0.0.1:${upstreams[0]?.port}`,
      [`${OTHER}:443`]: `127.0.0.1:${upstreams[1]?.port}`,
    },
    upstreamCa: upstreams.map((upstream) => upstream.caPem),
    credentials: [credential(SECRET)],
  });
}
afterEach(async () => {
  await world.close();
  await Promise.all(upstreams.map((upstream) => upstream.close()));
});

const call = async (host: string, path: string, headers: Record<string, string>) =>
  ask({ door: await world.door(host, 443), host, ca: world.ca.certificatePem, path, headers });

describe("a credential", () => {
  it.each([
    ["taken away", POLICY.replace("path: /v1/**", "path: /other"), 403, []],
    ["changed elsewhere", POLICY.replace(OTHER, "third.example.com"), 200, [`Bearer ${SECRET}`]],
  ])("that is fetched while its binding is %s leaves by the policy of then", async (_name, yaml, status, left) => {
    await start();
    // Judged twice, it is still one request.
    const once = (text: string) =>
      text.replace("network_policies", "sandbox:\n  limits: { requests_per_minute: 1 }\nnetwork_policies");
    let open = () => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    let asked = () => {};
    const reached = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const current = async () => {
      asked();
      await opened;
      return SECRET;
    };
    const credentials = [{ ...credential(SECRET), source: { current, values: () => [SECRET] } }];
    world.set(once(POLICY), { credentials });
    const answer = call(HOST, "/v1/x", { authorization: `Bearer ${PLACEHOLDER}` });
    await reached;
    world.set(once(yaml), { credentials });
    open();
    expect((await answer).status).toBe(status);
    expect(heard.map(({ authorization }) => authorization)).toEqual(left);
  });
  it("is put in for its own host and path, and taken out of what comes back", async () => {
    await start();
    const answer = await call(HOST, "/v1/x", { authorization: `Bearer ${PLACEHOLDER}` });
    expect(heard[0]?.authorization).toBe(`Bearer ${SECRET}`);
    expect(answer.headers["x-echo"]).toBe(`Bearer ${PLACEHOLDER}`);
    expect(answer.body).toBe(`before Bearer ${PLACEHOLDER} after`);
    expect(JSON.stringify(world.records)).not.toContain(SECRET);
  });

  it("is named in the record of the request that carries it, and in no other", async () => {
    await start();
    await call(HOST, "/v1/x", { authorization: `Bearer ${PLACEHOLDER}` });
    await call(HOST, "/v1/x", {});
    await call(OTHER, "/v1/x", { authorization: `Bearer ${PLACEHOLDER}` });
    expect(world.records.map(({ decision, credentials }) => ({ decision, credentials }))).toEqual([
      { decision: "allow", credentials: ["TOKEN"] },
      { decision: "allow", credentials: undefined },
      { decision: "deny", credentials: ["TOKEN"] },
    ]);
  });

  it("works inside Basic authentication, both ways", async () => {
    await start();
    const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;
    const answer = await call(HOST, "/v1/x", { authorization: basic(`git:${PLACEHOLDER}`) });
    expect(heard[0]?.authorization).toBe(basic(`git:${SECRET}`));
    expect(answer.body).not.toContain(Buffer.from(`git:${SECRET}`).toString("base64"));
  });

  it.each([
    ["another host", OTHER, "/v1/x", { authorization: `Bearer ${PLACEHOLDER}` }],
    ["another path", HOST, "/v2/x", { authorization: `Bearer ${PLACEHOLDER}` }],
    ["another path, in the query", HOST, `/v2/x?key=${PLACEHOLDER}`, {}],
    [
      "another path, in the query and escaped",
      HOST,
      `/v2/x?key=${PLACEHOLDER.replaceAll("-", "%2D").replace("c", "%63")}`,
      {},
    ],
    ["another path, as a segment of it", HOST, `/v2/${PLACEHOLDER}/x`, {}],
  ])("is refused towards %s, in monitor mode too", async (_name, host, path, headers) => {
    await start("monitor");
    const answer = await call(host, path, headers);
    expect(answer.status).toBe(403);
    expect(answer.json.rule).toBe("credentials");
    expect(heard).toEqual([]);
    expect(world.records[0]).toMatchObject({ decision: "deny", rule: "credentials" });
  });

  it("cannot be fetched a byte at a time, nor packed in a way that nobody here knows", async () => {
    await start();
    await call(HOST, "/v1/x", { authorization: `Bearer ${PLACEHOLDER}`, range: "bytes=7-7" });
    expect(heard[0]?.range).toBeUndefined();
    const answer = await call(HOST, "/packed", {});
    expect(answer.status).toBe(502);
    expect(answer.json.error).toBe("upstream_encoded");
  });

  it("that could end a header line is refused", async () => {
    await start();
    world.set(POLICY, {
      credentials: [credential("a\r\nX-Evil: 1")],
    });
    const answer = await call(HOST, "/v1/x", { authorization: PLACEHOLDER });
    expect(answer).toMatchObject({ status: 502, json: { error: "credential_unavailable" } });
    expect(world.records).toMatchObject([{ decision: "allow" }, { decision: "deny", rule: "credentials" }]);
    expect(heard).toEqual([]);
  });
});

describe("the scrubber", () => {
  it("finds a secret at every place where chunks can be cut", async () => {
    await start();
    const text = `x${SECRET}y${SECRET.slice(0, 10)}z${SECRET}${SECRET}`;
    const expected = `x[*]y${SECRET.slice(0, 10)}z[*][*]`;
    for (let cut = 1; cut < text.length; cut += 1) {
      const stream = scrubStream([{ value: SECRET, placeholder: "[*]" }]);
      stream.write(text.slice(0, cut));
      stream.end(text.slice(cut));
      const out: Buffer[] = [];
      for await (const chunk of stream) out.push(chunk);
      expect(Buffer.concat(out).toString()).toBe(expected);
    }
  });
});
