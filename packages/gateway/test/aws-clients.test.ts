import { randomBytes } from "node:crypto";
import { Agent } from "node:https";
import { connect as tlsConnect } from "node:tls";
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fixedSource } from "../src/index.ts";
import { SIGNED_BODY_BYTES_MAX } from "../src/limits.ts";
import { verifyAws } from "./support/awsVerifier.ts";
import { ask } from "./support/client.ts";
import { createUpstream, createWorld, type Upstream, type World } from "./support/world.ts";

const S3 = "s3.eu-central-1.amazonaws.com";
const STS = "sts.eu-central-1.amazonaws.com";
const REAL = {
  key: "AKIAREALREALREAL1234",
  secret: "real+secret/0123456789abcdefghijABCDEFGH",
  token: "real-session-token==",
};
const HELD = {
  accessKeyId: "creel-placeholder-AWS_ACCESS_KEY_ID-01",
  secretAccessKey: "creel-placeholder-AWS_SECRET_ACCESS_KEY-01",
  sessionToken: "creel-placeholder-AWS_SESSION_TOKEN-01",
};
const policy = (s3 = "sigv4") => `version: 1
network_policies:
  aws:
    name: aws
    endpoints:
      - { host: ${S3}, port: 443, protocol: rest, access: full, credential_signing: "${s3}", signing_service: s3, signing_region: eu-central-1 }
      - { host: ${STS}, port: 443, protocol: rest, access: full, credential_signing: sigv4, signing_service: sts, signing_region: eu-central-1 }
    binaries:
      - path: /usr/bin/curl
credentials:
  AWS_ACCESS_KEY_ID:
    endpoints:
      - { host: ${S3}, port: 443, path: /mine/** }
      - { host: ${STS}, port: 443 }
`;

let world: World;
let upstreams: Upstream[];
let heard: { ok: boolean; keyId: string; url: string; head: string; body: string }[];
let objects: Map<string, Buffer>;

beforeEach(async () => {
  heard = [];
  objects = new Map();
  const make = (host: string) =>
    createUpstream(host, async (req, res) => {
      const chunks: Buffer[] = [];
      for await (const chunk of req) chunks.push(chunk);
      const body = Buffer.concat(chunks);
      const verdict = verifyAws(req, body, (id) => (id === REAL.key ? REAL.secret : undefined));
      const url = req.url ?? "";
      heard.push({
        ok: verdict.ok,
        keyId: verdict.keyId,
        url,
        head: JSON.stringify(req.headers),
        body: body.toString(),
      });
      if (!verdict.ok) return res.writeHead(403).end("<Error><Code>SignatureDoesNotMatch</Code></Error>");
      const path = url.split("?")[0] ?? "";
      if (req.method === "PUT") objects.set(path, body);
      const found = objects.get(path);
      const range = /^bytes=(\d+)-(\d+)$/.exec(req.headers.range ?? "");
      if (req.method === "GET" && found !== undefined && range !== null) {
        const part = found.subarray(Number(range[1]), Number(range[2]) + 1);
        return res.writeHead(206, { "content-range": `bytes ${range[1]}-${range[2]}/${found.length}` }).end(part);
      }
      if (req.method === "GET" && found !== undefined) return res.end(found);
      res.setHeader("content-type", "text/xml");
      return res.end(
        host === STS
          ? `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:${REAL.token}</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>`
          : "<ListBucketResult><Name>mine</Name></ListBucketResult>",
      );
    });
  upstreams = [await make(S3), await make(STS)];
});
afterEach(async () => {
  await world.close();
  await Promise.all(upstreams.map((upstream) => upstream.close()));
});

async function start(yaml = policy()) {
  const named = (name: keyof typeof HELD, variable: string, value: string) => ({
    name: variable,
    placeholder: HELD[name],
    source: fixedSource(value),
  });
  world = await createWorld({
    yaml,
    resolve: { [`${S3}:443`]: `127.0.0.1:${upstreams[0]?.port}`, [`${STS}:443`]: `127.0.0.1:${upstreams[1]?.port}` },
    upstreamCa: upstreams.map((upstream) => upstream.caPem),
    credentials: [
      named("accessKeyId", "AWS_ACCESS_KEY_ID", REAL.key),
      named("secretAccessKey", "AWS_SECRET_ACCESS_KEY", REAL.secret),
      named("sessionToken", "AWS_SESSION_TOKEN", REAL.token),
    ],
  });
}

/** The client as a sandboxed program has it: placeholders for keys, and every connection led to the gateway. */
async function options(host: string, credentials: typeof HELD = HELD) {
  const door = await world.door(host, 443);
  const agent = new Agent({ keepAlive: false });
  agent.createConnection = () =>
    tlsConnect({ host: "127.0.0.1", port: door, servername: host, ca: world.ca.certificatePem });
  return {
    region: "eu-central-1",
    endpoint: `https://${host}`,
    credentials,
    maxAttempts: 1,
    requestHandler: { httpsAgent: agent },
  };
}
const s3 = async (credentials = HELD) => new S3Client({ ...(await options(S3, credentials)), forcePathStyle: true });

describe("an AWS client in a sandbox", () => {
  it.each([
    ["a text", "hello"],
    ["bytes", randomBytes(70_000)],
    ["nothing", ""],
  ])("stores %s in S3 and reads it back, signed with a key that it does not have", async (_name, body) => {
    await start();
    const client = await s3();
    const Key = "a b/ü+(1)'~&=%.txt";
    await client.send(new PutObjectCommand({ Bucket: "mine", Key, Body: body, ContentType: "text/plain" }));
    await client.send(new ListObjectsV2Command({ Bucket: "mine", Prefix: "a b/+&", MaxKeys: 3 }));
    expect(heard.map(({ ok, keyId }) => ({ ok, keyId }))).toEqual(heard.map(() => ({ ok: true, keyId: REAL.key })));
    expect(heard.map(({ head }) => head).join()).not.toContain("creel-placeholder");
    expect(heard.every(({ head }) => head.includes(REAL.token) && !head.includes(REAL.secret))).toBe(true);
    const object = await client.send(new GetObjectCommand({ Bucket: "mine", Key, Range: "bytes=0-1" }));
    expect(object.ContentRange).toMatch(/^bytes 0-1\//);
  });

  it("asks STS who it is; the session token in the answer is the placeholder", async () => {
    await start();
    const identity = await new STSClient(await options(STS)).send(new GetCallerIdentityCommand({}));
    expect(heard).toMatchObject([{ ok: true, keyId: REAL.key }]);
    expect(identity.Arn).toBe(`arn:${HELD.sessionToken}`);
  });

  it("has its body hashed here where the policy says so", async () => {
    await start(policy("sigv4:body"));
    await (await s3()).send(new PutObjectCommand({ Bucket: "mine", Key: "k", Body: "hello" }));
    expect(heard).toMatchObject([{ ok: true }]);
    expect(heard[0]?.head).toMatch(/"x-amz-content-sha256":"[0-9a-f]{64}"/);
  });

  it("cannot carry data to an account of its own through the same host", async () => {
    await start();
    const own = await s3({ accessKeyId: "AKIAEVIL", secretAccessKey: "evil", sessionToken: "evil" });
    await expect(own.send(new PutObjectCommand({ Bucket: "mine", Key: "k", Body: "loot" }))).rejects.toThrow();
    expect(heard).toEqual([]);
    expect(world.records[0]).toMatchObject({ decision: "deny", rule: "credentials" });
  });

  it("cannot use the key outside of its path", async () => {
    await start();
    await expect((await s3()).send(new GetObjectCommand({ Bucket: "other", Key: "k" }))).rejects.toThrow();
    expect(heard).toEqual([]);
  });
});

describe("a request to AWS", () => {
  const call = async (path: string, headers: Record<string, string>, body?: string) =>
    ask({
      door: await world.door(S3, 443),
      host: S3,
      ca: world.ca.certificatePem,
      path,
      headers,
      ...(body === undefined ? {} : { body, method: "PUT" }),
    });
  const scope = "20260101/eu-central-1/s3/aws4_request, SignedHeaders=host, Signature=0";

  it.each([
    ["with the secret key in another header", "/mine/k", { "x-copy": HELD.secretAccessKey }],
    ["with the session token in its query", `/mine/k?t=${HELD.sessionToken}`, {}],
    ["signed in its query", `/mine/k?X-Amz-Credential=${HELD.accessKeyId}&X-Amz-Signature=0`, {}],
    ["signed twice", "/mine/k", { authorization: `AWS4-HMAC-SHA256 Credential=AKIAEVIL/${scope}` }],
    ["signed as of old", "/mine/k", { authorization: `AWS ${HELD.accessKeyId}:c2ln` }],
    ["whose chunks are signed", "/mine/k", { "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" }],
  ])("%s is refused, and nothing leaves", async (_name, path, headers) => {
    await start();
    expect(await call(path, headers)).toMatchObject({ status: 403, json: { rule: "credentials" } });
    expect(heard).toEqual([]);
  });

  it("that is not signed at all is signed here", async () => {
    await start();
    expect((await call("/mine/k", {})).status).toBe(200);
    expect(heard).toMatchObject([{ ok: true }]);
  });

  it("whose hash has to be made may be as large as the bound", async () => {
    await start(policy("sigv4:body"));
    const length = (body: string) => ({ "content-length": String(body.length) });
    const fits = "x".repeat(SIGNED_BODY_BYTES_MAX);
    expect((await call("/mine/k", length(fits), fits)).status).toBe(200);
    expect((await call("/mine/k", length(`${fits}y`), `${fits}y`)).status).toBe(403);
    expect(heard).toMatchObject([{ ok: true }]);
  });
});
