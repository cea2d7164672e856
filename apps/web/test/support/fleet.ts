import "reflect-metadata";
import { randomBytes, randomUUID, webcrypto } from "node:crypto";
import {
  type Actor,
  type Ctx,
  createKeySealer,
  decision,
  grantOfRole,
  makeApiToken,
  type NodeActor,
  node,
  org,
  policy,
  type Role,
  sandbox,
  token,
  type UserActor,
} from "@creel/core";
import type { Db } from "@creel/db";
import type { DecisionRecord, HostCapabilities, JournalEntry } from "@creel/protocol";
import type { JobQueue } from "@creel/queue";
import { cryptoProvider, Pkcs10CertificateRequestGenerator } from "@peculiar/x509";

/** What a test's org holds: all of it made by the verbs that make it in the real fleet. */
export interface Org {
  owner: UserActor;
  email: string;
  password: string;
  apiToken: string;
  node: NodeActor;
  policyId: string;
  sandboxId: string;
  sandboxName: string;
}

export interface Fleet {
  ctx: (actor: Actor | null) => Ctx;
  found: (slug: string) => Promise<Org>;
}

export const POLICY_YAML = `version: 1
network_policies:
  tickets:
    endpoints:
      - host: tickets.creel.example
        port: 443
        protocol: rest
        rules:
          - allow: { method: GET, path: "/api/**" }
    binaries:
      - path: /usr/bin/curl
`;

const capabilities: HostCapabilities = {
  kernel: "6.1.0",
  arch: "x64",
  landlockAbi: 4,
  layers: [
    { id: "user", title: "User namespace", state: "enforced", detail: "Rootless.", remedy: null },
    {
      id: "cgroup",
      title: "Memory limit",
      state: "weaker",
      detail: "No delegated cgroup; limits hold per process.",
      remedy: "Start the node agent as a systemd user service.",
    },
  ],
};

const certificateRequest = async (): Promise<string> => {
  // The library asks for the browser's name of the same interface.
  const crypto = webcrypto as unknown as ReturnType<typeof cryptoProvider.get>;
  cryptoProvider.set(crypto);
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: "CN=node",
    keys,
    signingAlgorithm: algorithm,
  });
  return request.toString("pem");
};

/** A fleet on one database. `jobs` only has to take what it is given: no worker runs here. */
export const makeFleet = (db: Db, jobs: JobQueue): Fleet => {
  const seal = createKeySealer(randomBytes(32));
  const ctx = (actor: Actor | null): Ctx => ({
    // A person of the tests has proved a moment ago who they are, unless the test says when they did.
    actor: actor?.kind === "user" && actor.provedAt === undefined ? { ...actor, provedAt: new Date() } : actor,
    db,
    jobs,
    seal,
    clock: () => new Date(),
    requestId: randomUUID(),
    source: "test",
    founders: "owners",
    deployment: { hubUrl: "https://127.0.0.1:7401", caPin: `sha256:${"ab".repeat(32)}` },
    sso: { webUrl: "https://creel.example", trustedHosts: ["127.0.0.1:1"], resolveTxt: async () => [] },
  });
  const system = ctx({ kind: "system", reason: "test" });

  const enroll = async (owner: UserActor): Promise<NodeActor> => {
    const { uri } = await node.createEnrollSecret({ ctx: ctx(owner), input: {} });
    const secret = new URL(uri.replace("creel:", "http:")).searchParams.get("secret") ?? "";
    const made = await node.enroll({
      ctx: system,
      input: { protocol: 1, secret, csrPem: await certificateRequest(), name: "build-01", capabilities },
    });
    const actor: NodeActor = { kind: "node", nodeId: made.nodeId, orgId: made.orgId };
    await node.hello({
      ctx: ctx(actor),
      input: {
        agentVersion: "0.1.0",
        capabilities,
        model: { provider: "creel", name: "creel-scripted-demo", scripted: true },
        generation: 0,
      },
    });
    return actor;
  };

  const found = async (slug: string): Promise<Org> => {
    const email = `owner@${slug}.example`;
    const password = randomBytes(12).toString("hex");
    const apiToken = makeApiToken();
    const made = await org.bootstrap({
      ctx: system,
      input: {
        slug,
        name: `Org ${slug}`,
        ownerEmail: email,
        ownerPassword: password,
        apiToken,
        policy: { name: "demo", yaml: POLICY_YAML },
      },
    });
    const owner: UserActor = {
      kind: "user",
      userId: made.userId,
      orgId: made.orgId,
      grants: [grantOfRole("owner")],
      email,
    };
    const nodeActor = await enroll(owner);
    const [first] = (await policy.list({ ctx: ctx(owner), input: {} })).items;
    const policyId = first?.id ?? "";
    const box = await sandbox.create({
      ctx: ctx(owner),
      input: {
        name: "demo",
        nodeId: nodeActor.nodeId,
        policyId,
        agent: { plugin: "pi", prompt: "Read the tickets and comment on them." },
      },
    });
    return {
      owner,
      email,
      password,
      apiToken,
      node: nodeActor,
      policyId,
      sandboxId: box.id,
      sandboxName: box.name,
    };
  };
  return { ctx, found };
};

/** Journal lines as a gateway writes them; `seq` is dense within one boot. */
export const makeJournal = (home: Org) => {
  const boot = randomUUID();
  let seq = 0;
  const line = (fields: Partial<DecisionRecord>): JournalEntry => ({
    type: "decision",
    boot,
    record: {
      time: new Date().toISOString(),
      org: home.owner.orgId,
      node: home.node.nodeId,
      sandbox: home.sandboxId,
      seq: seq++,
      kind: "http",
      binary: { path: "/usr/bin/curl", sha256: "ab".repeat(32), pid: 42, ancestors: ["/bin/bash", "/usr/bin/node"] },
      host: "tickets.creel.example",
      port: 443,
      protocol: "https",
      method: "GET",
      path: "/api/tickets",
      decision: "allow",
      rule: "network_policies.tickets",
      reason: "The rule tickets allows GET /api/tickets.",
      policyDigest: `sha256:${"cd".repeat(32)}`,
      generation: 1,
      bytesIn: 1200,
      bytesOut: 300,
      durationMs: 12,
      ...fields,
    },
  });
  return line;
};

export const ingest = (fleet: Fleet, home: Org, entries: JournalEntry[]) =>
  decision.ingest({ ctx: fleet.ctx(home.node), input: { entries } });

/** A token of the org with some role, as a person would make it. */
export const tokenWithRole = async (fleet: Fleet, home: Org, role: Role): Promise<string> =>
  (await token.create({ ctx: fleet.ctx(home.owner), input: { name: `test ${role}`, role } })).token;

export const noWorkers: JobQueue = {
  enqueue: async () => {},
  work: async () => {},
  schedule: async () => {},
  metrics: () => {
    throw new Error("no queue runs in this test");
  },
  close: async () => {},
};
