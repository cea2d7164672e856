import "reflect-metadata";
import { randomBytes, randomUUID, webcrypto } from "node:crypto";
import type { JobQueue } from "@creel/queue";
import { cryptoProvider, Pkcs10CertificateRequestGenerator } from "@peculiar/x509";
import { type FreshDatabase, freshDatabase } from "../../../db/test/database.ts";
import {
  type Actor,
  type Ctx,
  createKeySealer,
  grantOfRole,
  type NodeActor,
  node,
  org,
  type Role,
  type Scope,
  type UserActor,
} from "../../src/index.ts";

type Provider = Parameters<typeof cryptoProvider.set>[0];
const crypto = webcrypto as Provider & typeof webcrypto;
cryptoProvider.set(crypto);
export const P256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

export interface Clock {
  now: Date;
}

/** Remembers what was asked of it; the queue itself has its own tests. */
export const enqueued: { name: string; payload: unknown }[] = [];
const jobs: JobQueue = {
  enqueue: async (name, payload) => void enqueued.push({ name, payload }),
  work: async () => {},
  schedule: async () => {},
  metrics: () => {
    throw new Error("not asked here");
  },
  close: async () => {},
};

export interface Fleet extends FreshDatabase {
  clock: Clock;
  ctx(actor: Actor | null): Ctx;
}

export async function openFleet(): Promise<Fleet> {
  const database = await freshDatabase();
  const clock = { now: new Date("2026-05-03T10:00:00.000Z") };
  const seal = createKeySealer(randomBytes(32));
  const deployment = { hubUrl: "https://127.0.0.1:7401", caPin: `sha256:${"a".repeat(64)}` };
  const ctx = (actor: Actor | null): Ctx => ({
    actor: justProved(actor, clock.now),
    db: database.db,
    clock: () => clock.now,
    jobs,
    seal,
    requestId: randomUUID(),
    source: "test",
    founders: "owners",
    deployment,
    sso: { webUrl: "https://creel.example", trustedHosts: ["127.0.0.1:1"], resolveTxt: async () => [] },
  });
  return { ...database, clock, ctx };
}

/** A person of the tests has proved a moment ago who they are, unless the test says when they did. */
const justProved = (actor: Actor | null, now: Date): Actor | null =>
  actor?.kind === "user" && actor.provedAt === undefined ? { ...actor, provedAt: now } : actor;

export const system: Actor = { kind: "system", reason: "test" };
export const POLICY = `version: 1
network_policies:
  tickets:
    name: tickets
    endpoints:
      - host: tickets.creel.example
        port: 443
        protocol: rest
        rules:
          - allow: { method: GET, path: "/api/**" }
    binaries:
      - path: /usr/bin/curl
`;
export const PASSWORD = "correct horse battery staple";
export const capabilities = { kernel: "6.1", arch: "x64", landlockAbi: 4, layers: [] };
export const model = { provider: "scripted", name: "creel-scripted-demo", scripted: true };

export interface TestOrg {
  orgId: string;
  userId: string;
  policyId: string;
  email: string;
  /** The person with one role; over a scope when one is given. */
  as(role: Role, scope?: Scope): UserActor;
}

export async function makeOrg(fleet: Fleet, slug: string): Promise<TestOrg> {
  const email = `owner@${slug}.example`;
  const input = {
    slug,
    name: slug,
    ownerEmail: email,
    ownerPassword: PASSWORD,
    policy: { name: "demo", yaml: POLICY },
  };
  const made = await org.bootstrap({ ctx: fleet.ctx(system), input });
  const { orgId, userId } = made;
  return {
    orgId,
    userId,
    policyId: made.policyId ?? "",
    email,
    as: (role, scope) => ({ kind: "user", userId, orgId, grants: [grantOfRole(role, scope)], email }),
  };
}

export async function makeCsr(keys?: webcrypto.CryptoKeyPair): Promise<string> {
  const pair = keys ?? (await crypto.subtle.generateKey(P256, true, ["sign", "verify"]));
  const request = await Pkcs10CertificateRequestGenerator.create(
    { name: "CN=whatever", keys: pair, signingAlgorithm: P256 },
    crypto,
  );
  return request.toString("pem");
}

export const makeKeys = async (): Promise<webcrypto.CryptoKeyPair> =>
  await crypto.subtle.generateKey(P256, true, ["sign", "verify"]);

export async function joinSecret(fleet: Fleet, of: TestOrg): Promise<string> {
  const made = await node.createEnrollSecret({ ctx: fleet.ctx(of.as("owner")), input: {} });
  return new URL(made.uri).searchParams.get("secret") ?? "";
}

export interface TestNode {
  actor: NodeActor;
  nodeId: string;
  certificatePem: string;
  keys: webcrypto.CryptoKeyPair;
}

export async function makeNode(fleet: Fleet, of: TestOrg, name: string): Promise<TestNode> {
  const keys = await makeKeys();
  const input = { protocol: 1, secret: await joinSecret(fleet, of), csrPem: await makeCsr(keys), name, capabilities };
  const { nodeId, certificatePem } = await node.enroll({ ctx: fleet.ctx(system), input });
  const actor: NodeActor = { kind: "node", nodeId, orgId: of.orgId };
  await node.hello({ ctx: fleet.ctx(actor), input: { agentVersion: "1", capabilities, model, generation: 0 } });
  return { actor, nodeId, certificatePem, keys };
}
