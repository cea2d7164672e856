import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DecisionRecord } from "@creel/protocol";
import { attachControl, launchSandbox, type SandboxControl } from "@creel/sandbox";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createGateway, createRecordSink, createSandboxCa, type Gateway } from "../src/index.ts";
import {
  CLIENT,
  CLIENT_MOUNT,
  type ClientAnswer,
  clientAnswer,
  clientArgv,
  http2Argv,
} from "./support/confinedClient.ts";
import { createUpstream, inForce, type Upstream } from "./support/world.ts";

/** The whole way out: programs in a real sandbox, the kernel's steering and identity, this gateway, a real server. */
const HOST = "tickets.creel.example";
const CA_FILE = "/etc/creel/ca.crt";
const POLICY = `version: 1
network_policies:
  tickets:
    name: tickets
    endpoints:
      - host: ${HOST}
        port: 443
        protocol: rest
        rules:
          - allow: { method: GET, path: "/api/**" }
    binaries:
      - path: ${CLIENT}
`;

let folder: string;
let upstream: Upstream;
let gateway: Gateway;
let control: SandboxControl;
let hits: string[] = [];
const records: DecisionRecord[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "cg-"));
  const [runDir, stateDir] = [join(folder, "r"), join(folder, "s")];
  for (const path of [runDir, stateDir]) mkdirSync(path, { mode: 0o700 });
  upstream = await createUpstream(HOST, (req, res) => {
    hits.push(`${req.method} ${req.url}`);
    req.resume();
    res.end(`from outside: ${req.url}`);
  });
  gateway = createGateway({
    journal: createRecordSink({ onRecord: (record) => void records.push(record) }),
    labels: { org: "local", node: "n" },
    resolve: { [`${HOST}:443`]: `127.0.0.1:${upstream.port}` },
    upstreamCa: [upstream.caPem],
  });
  const ca = await createSandboxCa({ name: "e2e" });
  await launchSandbox({
    id: "e2e",
    runDir,
    stateDir,
    command: ["/usr/bin/sleep", "300"],
    mounts: [CLIENT_MOUNT],
    files: [{ path: CA_FILE, content: ca.certificatePem }],
  });
  await gateway.add({ id: "e2e", name: "e2e", ca, network: { runDir }, ...inForce(POLICY) });
  control = await attachControl({ runDir });
});
afterAll(async () => {
  await gateway.close();
  await control.stop({ graceMs: 100 });
  control.close();
  await upstream.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  records.length = 0;
  hits = [];
});

const run = (...command: string[]) =>
  control.exec({ command, env: { NODE_EXTRA_CA_CERTS: CA_FILE }, timeoutMs: 60_000 });
const ask = async (url: string, method = "GET", program = CLIENT): Promise<ClientAnswer> =>
  clientAnswer((await run(...clientArgv(url, method, "", program))).stdout);

describe("a program in a real sandbox", () => {
  it("reaches what the policy names, with no proxy settings of its own", async () => {
    expect(await ask(`https://${HOST}/api/tickets`)).toMatchObject({ status: 200, body: "from outside: /api/tickets" });
    expect(hits).toEqual(["GET /api/tickets"]);
    expect(records[0]).toMatchObject({ kind: "http", decision: "allow", method: "GET", path: "/api/tickets" });
    expect(records[0]?.binary?.path).toBe(CLIENT);
    expect(records[0]?.binary?.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it("speaks HTTP/2 where it wants to, each request judged", async () => {
    const speak = async (path: string) =>
      clientAnswer((await run(...http2Argv(`https://${HOST}`, path, CA_FILE))).stdout);
    expect(await speak("/api/two")).toMatchObject({ status: 200, body: "from outside: /api/two", failed: "h2" });
    expect(await speak("/admin")).toMatchObject({ status: 403, failed: "h2" });
    expect(hits).toEqual(["GET /api/two"]);
    expect(records.map(({ decision, path }) => [decision, path])).toEqual([
      ["allow", "/api/two"],
      ["deny", "/admin"],
    ]);
  });

  it("is told why a method is denied", async () => {
    const answer = await ask(`https://${HOST}/api/tickets`, "POST");
    expect(answer.status).toBe(403);
    expect(JSON.parse(answer.body)).toMatchObject({ error: "policy_denied", rule: "tickets", method: "POST" });
    expect(hits).toEqual([]);
  });

  it("is told why a host that no rule names is denied, in one line that a rule can be made of", async () => {
    const answer = await ask("https://paste.creel.example/new?x=1", "POST");
    expect(JSON.parse(answer.body)).toMatchObject({ error: "policy_denied", host: "paste.creel.example" });
    expect(records).toMatchObject([
      { kind: "http", decision: "deny", host: "paste.creel.example", port: 443, method: "POST", path: "/new?x=1" },
    ]);
    expect(records[0]?.binary?.path).toBe(CLIENT);
  });

  it("is told why the metadata service is denied", async () => {
    const answer = await ask("http://169.254.169.254/latest/meta-data/");
    expect(JSON.parse(answer.body)).toMatchObject({ error: "policy_denied", host: "169.254.169.254" });
    expect(records[0]).toMatchObject({ kind: "http", decision: "deny", port: 80, path: "/latest/meta-data/" });
  });

  it("is another program when it is copied", async () => {
    await run("/bin/cp", CLIENT, "/tmp/client");
    const answer = await ask(`https://${HOST}/api/x`, "GET", "/tmp/client");
    expect(JSON.parse(answer.body)).toMatchObject({ error: "policy_denied", binary: "/tmp/client" });
    expect(hits).toEqual([]);
  });

  it("cannot reach a listener of the host, by any spelling of loopback", async () => {
    for (const host of ["10.0.0.1", "0x7f.1", "2130706433", "localhost"]) {
      const answer = await ask(`https://${host}:${upstream.port}/api/x`);
      expect(answer.body).not.toContain("from outside");
    }
    expect(hits).toEqual([]);
  });

  it("may do more as soon as the policy says so, without a restart, and less again", async () => {
    const post = async () => (await ask(`https://${HOST}/api/t`, "POST")).status;
    expect(await post()).toBe(403);
    gateway.setPolicy("e2e", inForce(POLICY.replace("method: GET", "method: POST"), 2));
    expect(await post()).toBe(200);
    gateway.setPolicy("e2e", inForce(POLICY, 3));
    expect(await post()).toBe(403);
    expect(records.map((record) => [record.decision, record.generation])).toEqual([
      ["deny", 1],
      ["allow", 2],
      ["deny", 3],
    ]);
  });

  it("holds no key of its authority", async () => {
    const result = await run("/bin/sh", "-c", `cat ${CA_FILE}; env`);
    expect(result.stdout).toContain("BEGIN CERTIFICATE");
    expect(result.stdout).not.toContain("PRIVATE KEY");
    expect(readFileSync(join(folder, "s", "log"), { flag: "a+" }).includes("PRIVATE KEY")).toBe(false);
  });
});
