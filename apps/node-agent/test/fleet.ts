import { type ChildProcess, spawn } from "node:child_process";
import { createHash, randomBytes, randomUUID, X509Certificate } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Actor, type Ctx, createSealer, grantOfRole, node, org } from "@creel/core";
import { createJobQueue } from "@creel/queue";
import { freshDatabase } from "../../../packages/db/test/database.ts";
import { makeChain, startWorld } from "./world.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
export const HOST = "tickets.creel.example";

export const policyYaml = (methods: string[]): string => `version: 1
network_policies:
  tickets:
    name: Tickets
    endpoints:
      - host: ${HOST}
        port: 443
        protocol: rest
        rules:
${methods.map((method) => `          - allow: { method: ${method}, path: "/api/**" }`).join("\n")}
    binaries:
      - path: /opt/node/bin/node
`;

/** Waits until `ask` answers something; the test's own time-out is the limit. */
export async function until<T>(
  ask: () => Promise<T | null | undefined | false> | T | null | undefined | false,
): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** A program from its source, as it runs in production: a process of its own, with an environment of its own. */
function start(script: string, env: NodeJS.ProcessEnv, lines: string[]): ChildProcess {
  const { PATH, HOME, TMPDIR } = process.env;
  const child = spawn(process.execPath, ["--import", "tsx", join(root, script)], {
    cwd: root,
    env: { PATH, HOME, ...(TMPDIR ? { TMPDIR } : {}), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const stream of [child.stdout, child.stderr]) {
    let rest = "";
    stream?.setEncoding("utf8").on("data", (chunk: string) => {
      const parts = (rest + chunk).split("\n");
      rest = parts.pop() ?? "";
      lines.push(...parts);
    });
  }
  return child;
}

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.once("close", () => resolve());
  });

/** A hub and a node agent in processes of their own, a real database, and one person who owns the org. */
export async function startFleet() {
  const dir = mkdtempSync(join(tmpdir(), "creel-fleet-"));
  const world = await startWorld(HOST);
  const tls = await makeChain([{ type: "ip", value: "127.0.0.1" }]);
  const tlsDir = join(dir, "tls");
  mkdirSync(tlsDir);
  writeFileSync(join(tlsDir, "ca.pem"), tls.caPem);
  writeFileSync(join(tlsDir, "hub.pem"), tls.certPem);
  writeFileSync(join(tlsDir, "hub-key.pem"), tls.keyPem);
  const masterKey = join(dir, "master.key");
  writeFileSync(masterKey, randomBytes(32));
  writeFileSync(join(dir, "world-ca.pem"), world.caPem);
  const db = await freshDatabase();
  const jobs = await createJobQueue({ postgresUrl: db.queueUrl });
  const hubLines: string[] = [];
  const agentLines: string[] = [];
  const startHub = (port: number) =>
    start(
      "apps/hub/src/main.ts",
      {
        DATABASE_APP_URL: db.appUrl,
        DATABASE_SYSTEM_URL: db.systemUrl,
        DATABASE_QUEUE_URL: db.queueUrl,
        CREEL_HUB_PORT: String(port),
        ...(port ? { CREEL_HUB_URL: `https://127.0.0.1:${port}` } : {}),
        CREEL_MASTER_KEY_FILE: masterKey,
        CREEL_TLS_DIR: tlsDir,
      },
      hubLines,
    );
  let hub = startHub(0);
  const hubUrl = await until(() => hubLines.map((line) => /"hubUrl":"([^"]+)"/.exec(line)?.[1]).find(Boolean));
  const der = new X509Certificate(tls.caPem).raw;
  const deployment = { hubUrl, caPin: `sha256:${createHash("sha256").update(der).digest("hex")}` };
  const seal = createSealer(masterKey);
  const ctx = <A extends Actor>(actor: A): Ctx<A> => ({
    actor,
    db: db.db,
    clock: () => new Date(),
    jobs,
    seal,
    requestId: randomUUID(),
    deployment,
  });
  const made = await org.bootstrap({
    ctx: ctx({ kind: "system", reason: "test" }),
    input: {
      slug: "acme",
      name: "Acme",
      ownerEmail: "owner@acme.example",
      ownerPassword: "a long enough password",
      policy: { name: "tickets", yaml: policyYaml(["GET"]) },
    },
  });
  const owner = ctx({
    kind: "user",
    userId: made.userId,
    orgId: made.orgId,
    grants: [grantOfRole("owner")],
    provedAt: new Date(),
    email: "owner@acme.example",
  });
  const joinFile = join(dir, "join-uri");
  writeFileSync(joinFile, (await node.createEnrollSecret({ ctx: owner, input: {} })).uri, { mode: 0o600 });
  const nodeDir = join(dir, "node");
  const startAgent = () =>
    start(
      "apps/node-agent/src/main.ts",
      {
        CREEL_NODE_DIR: nodeDir,
        CREEL_NODE_NAME: "local",
        CREEL_JOIN_URI_FILE: joinFile,
        CREEL_NODE_RESOLVE: JSON.stringify(world.resolve),
        CREEL_UPSTREAM_CA_FILE: join(dir, "world-ca.pem"),
        // Nothing listens there, so the model found is the scripted one on every host.
        OLLAMA_HOST: "http://127.0.0.1:9",
        VLLM_BASE_URL: "http://127.0.0.1:9/v1",
      },
      agentLines,
    );
  let agent = startAgent();
  /** A node whose gateway was slow to say which model it serves says hello again once it knows. */
  const connected = () =>
    until(async () =>
      (await node.list({ ctx: owner, input: {} })).items.find(
        (item) => item.connected && item.model && item.model.provider !== "unknown",
      ),
    );
  return {
    dir,
    nodeDir,
    joinFile,
    world,
    owner,
    policyId: made.policyId ?? "",
    hubLines,
    agentLines,
    connected,
    gatewayPid: () =>
      until(() => {
        const line = agentLines.filter((text) => text.includes('"gateway ready"')).at(-1);
        return line ? Number(JSON.parse(line).boot && /"pid":(\d+),"boot"/.exec(line)?.[1]) : null;
      }),
    async restartAgent(signal: "SIGKILL" | "SIGTERM", whileAway: () => Promise<void> = async () => undefined) {
      agent.kill(signal);
      await ended(agent);
      await whileAway();
      agent = startAgent();
    },
    async restartHub(signal: "SIGKILL" | "SIGTERM", whileAway: () => Promise<void> = async () => undefined) {
      hub.kill(signal);
      await ended(hub);
      await whileAway();
      hub = startHub(Number(new URL(hubUrl).port));
    },
    async close() {
      agent.kill("SIGTERM");
      await ended(agent);
      hub.kill("SIGTERM");
      await ended(hub);
      await jobs.close();
      await db.close();
      await world.close();
      rmSync(dir, { recursive: true, force: true });
    },
    read: (path: string) => readFileSync(join(nodeDir, path), "utf8"),
  };
}
export type Fleet = Awaited<ReturnType<typeof startFleet>>;
