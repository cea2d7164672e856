import "reflect-metadata";
import { randomBytes, randomUUID, webcrypto } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Actor, type Ctx, createSealer, grantOfRole, node, org } from "@creel/core";
import type { HubMessage, NodeMessage } from "@creel/protocol";
import type { JobQueue } from "@creel/queue";
import * as x509 from "@peculiar/x509";
import { pino } from "pino";
import WebSocket from "ws";
import { type FreshDatabase, freshDatabase } from "../../../packages/db/test/database.ts";
import { startHub } from "../src/hub.ts";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

/** Nothing in these tests depends on a job: events wake the hub, and a sweep is asked for by name. */
export const quietJobs: JobQueue = {
  enqueue: async () => undefined,
  work: async () => undefined,
  schedule: async () => undefined,
  metrics: () => {
    throw new Error("not asked for here");
  },
  close: async () => undefined,
};

const pem = (label: string, der: ArrayBuffer) => x509.PemConverter.encode(der, label);

async function makeTls(dir: string): Promise<string> {
  const ca = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const hub = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const notAfter = new Date(Date.now() + 3_600_000);
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=Test deployment",
    notAfter,
    signingAlgorithm: ALGORITHM,
    keys: ca,
    extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
  });
  const leaf = await x509.X509CertificateGenerator.create({
    subject: "CN=hub",
    issuer: authority.subject,
    notAfter,
    signingAlgorithm: ALGORITHM,
    publicKey: hub.publicKey,
    signingKey: ca.privateKey,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: "ip", value: "127.0.0.1" }])],
  });
  writeFileSync(join(dir, "ca.pem"), authority.toString("pem"));
  writeFileSync(join(dir, "hub.pem"), leaf.toString("pem"));
  writeFileSync(
    join(dir, "hub-key.pem"),
    pem("PRIVATE KEY", await webcrypto.subtle.exportKey("pkcs8", hub.privateKey)),
  );
  return authority.toString("pem");
}

export interface NodeKeys {
  keyPem: string;
  csrPem: string;
}
export async function makeNodeKeys(): Promise<NodeKeys> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const csr = await x509.Pkcs10CertificateRequestGenerator.create({ name: "CN=n", keys, signingAlgorithm: ALGORITHM });
  const keyPem = pem("PRIVATE KEY", await webcrypto.subtle.exportKey("pkcs8", keys.privateKey));
  return { keyPem, csrPem: csr.toString("pem") };
}
/** A certificate that no org's authority signed, for a key of its own. */
export async function selfSigned(): Promise<{ keyPem: string; certPem: string }> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const made = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=n",
    signingAlgorithm: ALGORITHM,
    keys,
  });
  const keyPem = pem("PRIVATE KEY", await webcrypto.subtle.exportKey("pkcs8", keys.privateKey));
  return { keyPem, certPem: made.toString("pem") };
}

export const capabilities = { kernel: "test", arch: "x64", landlockAbi: 7, layers: [] };
export const hello = (change: Partial<Extract<NodeMessage, { type: "hello" }>> = {}): NodeMessage => ({
  type: "hello",
  protocol: 1,
  agentVersion: "0.1.0",
  capabilities,
  model: { provider: "creel", name: "creel-scripted-demo", scripted: true },
  generation: 0,
  ...change,
});

export interface Client {
  socket: WebSocket;
  send(message: unknown): void;
  /** The next message of a type, also when it has come already. */
  next<T extends HubMessage["type"]>(type: T): Promise<Extract<HubMessage, { type: T }>>;
  /** Resolves with the close code, or the HTTP status of a refused upgrade as its negative. */
  closed: Promise<number>;
}

export interface TestHub {
  port: number;
  db: FreshDatabase;
  ctx<A extends Actor>(actor: A): Ctx<A>;
  makeOrg(slug: string): Promise<{ orgId: string; actor: Actor; policyId: string }>;
  enrolled(owner: Actor, name: string): Promise<NodeKeys & { certPem: string; nodeId: string }>;
  post(path: string, body: string, method?: string): Promise<{ status: number; body: string }>;
  connect(identity: { keyPem?: string; certPem?: string }): Client;
  close(): Promise<void>;
}

export async function testHub(): Promise<TestHub> {
  const dir = mkdtempSync(join(tmpdir(), "creel-hub-test-"));
  const caPem = await makeTls(dir);
  const masterKey = join(dir, "master.key");
  writeFileSync(masterKey, randomBytes(32));
  const db = await freshDatabase();
  const hub = await startHub(
    {
      DATABASE_APP_URL: db.appUrl,
      DATABASE_SYSTEM_URL: db.systemUrl,
      CREEL_HUB_HOST: "127.0.0.1",
      CREEL_HUB_PORT: 0,
      CREEL_HUB_URL: "https://127.0.0.1:1",
      CREEL_MASTER_KEY_FILE: masterKey,
      CREEL_TLS_DIR: dir,
      CREEL_WEB_URL: "https://creel.test",
      CREEL_MAIL_FROM: "creel@creel.test",
      CREEL_NOTICE_HOSTS: [],
      CREEL_LOG_LEVEL: "error",
    },
    quietJobs,
    pino({ level: "silent" }),
  );
  const { port } = hub.address;
  const ctx = <A extends Actor>(actor: A): Ctx<A> => ({
    actor,
    db: db.db,
    clock: () => new Date(),
    jobs: quietJobs,
    seal: createSealer(masterKey),
    requestId: randomUUID(),
    deployment: { hubUrl: `https://127.0.0.1:${port}`, caPin: `sha256:${"0".repeat(64)}` },
  });
  const clients: WebSocket[] = [];

  const post: TestHub["post"] = (path, body, method = "POST") =>
    new Promise((resolve, reject) => {
      const call = request({ host: "127.0.0.1", port, path, method, ca: caPem, agent: false }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.once("end", () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
        );
      });
      call.once("error", reject);
      call.end(method === "GET" ? undefined : body);
    });

  return {
    port,
    db,
    ctx,
    post,
    async makeOrg(slug) {
      const made = await org.bootstrap({
        ctx: ctx({ kind: "system", reason: "test" }),
        input: {
          slug,
          name: slug,
          ownerEmail: `owner@${slug}.example`,
          ownerPassword: "a long enough password",
          policy: { name: "base", yaml: "version: 1\n" },
        },
      });
      const actor: Actor = {
        kind: "user",
        userId: made.userId,
        orgId: made.orgId,
        grants: [grantOfRole("owner")],
        provedAt: new Date(),
        email: `owner@${slug}.example`,
      };
      return { orgId: made.orgId, actor, policyId: made.policyId ?? "" };
    },
    async enrolled(owner, name) {
      const keys = await makeNodeKeys();
      const { uri } = await node.createEnrollSecret({ ctx: ctx(owner), input: {} });
      const secret = new URLSearchParams(uri.split("?")[1]).get("secret");
      const body = JSON.stringify({ protocol: 1, secret, csrPem: keys.csrPem, name, capabilities });
      const answer = await post("/v1/enroll", body);
      if (answer.status !== 200) throw new Error(answer.body);
      const { certificatePem, nodeId } = JSON.parse(answer.body);
      return { ...keys, certPem: certificatePem, nodeId };
    },
    connect({ keyPem, certPem }) {
      const socket = new WebSocket(`wss://127.0.0.1:${port}/v1/node`, {
        ca: caPem,
        ...(keyPem && certPem ? { key: keyPem, cert: certPem } : {}),
      });
      clients.push(socket);
      const got: HubMessage[] = [];
      const waiting: { type: string; resolve: (message: HubMessage) => void }[] = [];
      socket.on("message", (data) => {
        const message: HubMessage = JSON.parse(String(data));
        const index = waiting.findIndex(({ type }) => type === message.type);
        if (index < 0) got.push(message);
        else waiting.splice(index, 1)[0]?.resolve(message);
      });
      const closed = new Promise<number>((resolve) => {
        socket.on("unexpected-response", (_request, response) => {
          resolve(-(response.statusCode ?? 0));
          socket.terminate();
        });
        socket.on("error", () => undefined);
        socket.on("close", (code) => resolve(code));
      });
      return {
        socket,
        closed,
        send(message) {
          const text = typeof message === "string" ? message : JSON.stringify(message);
          if (socket.readyState === WebSocket.OPEN) socket.send(text);
          else socket.once("open", () => socket.send(text));
        },
        next(type) {
          const index = got.findIndex((message) => message.type === type);
          const known = index < 0 ? undefined : got.splice(index, 1)[0];
          const found = known
            ? Promise.resolve(known)
            : new Promise<HubMessage>((resolve) => waiting.push({ type, resolve }));
          return found as Promise<never>;
        },
      };
    },
    async close() {
      for (const socket of clients) socket.terminate();
      await hub.close();
      await db.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
