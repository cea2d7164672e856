import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DecisionRecord } from "@creel/protocol";
import { attachControl, launchSandbox, type SandboxControl } from "@creel/sandbox";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createGateway, createRecordSink, createSandboxCa, type Gateway } from "../src/index.ts";
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
      - path: /usr/bin/curl
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
  control.exec({ command, env: { CURL_CA_BUNDLE: CA_FILE, SSL_CERT_FILE: CA_FILE }, timeoutMs: 15_000 });
const curl = (...args: string[]) => run("/usr/bin/curl", "-sS", "--max-time", "10", ...args);

describe("a program in a real sandbox", () => {
  it("reaches what the policy names, with no proxy settings of its own", async () => {
    const result = await curl(`https://${HOST}/api/tickets`);
    expect(result).toMatchObject({ exitCode: 0, stdout: "from outside: /api/tickets" });
    expect(hits).toEqual(["GET /api/tickets"]);
    expect(records[0]).toMatchObject({ kind: "http", decision: "allow", method: "GET", path: "/api/tickets" });
    expect(records[0]?.binary?.path).toBe("/usr/bin/curl");
    expect(records[0]?.binary?.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it("is told why a method is denied", async () => {
    const result = await curl("-X", "POST", "-d", "{}", `https://${HOST}/api/tickets`);
    expect(JSON.parse(result.stdout)).toMatchObject({ error: "policy_denied", rule: "tickets", method: "POST" });
    expect(hits).toEqual([]);
  });

  it("finds no name that no rule names", async () => {
    const result = await curl("https://paste.creel.example/");
    expect(result.exitCode).toBe(6);
    expect(records[0]).toMatchObject({ kind: "dns", decision: "deny", host: "paste.creel.example" });
  });

  it("is told why the metadata service is denied", async () => {
    const result = await curl("http://169.254.169.254/latest/meta-data/");
    expect(JSON.parse(result.stdout)).toMatchObject({ error: "policy_denied", host: "169.254.169.254" });
    expect(records[0]).toMatchObject({ kind: "connect", decision: "deny", port: 80 });
  });

  it("is another program when it is copied", async () => {
    const result = await run(
      "/bin/sh",
      "-c",
      `cp /usr/bin/curl /tmp/curl && /tmp/curl -sS --max-time 10 https://${HOST}/api/x`,
    );
    expect(JSON.parse(result.stdout)).toMatchObject({ error: "policy_denied", binary: "/tmp/curl" });
    expect(hits).toEqual([]);
  });

  it("cannot reach a listener of the host, by any spelling of loopback", async () => {
    for (const host of ["10.0.0.1", "0x7f.1", "2130706433", "localhost"]) {
      const result = await curl(`https://${host}:${upstream.port}/api/x`);
      expect(result.stdout.includes("from outside")).toBe(false);
    }
    expect(hits).toEqual([]);
  });

  it("may do more as soon as the policy says so, without a restart, and less again", async () => {
    const post = () => curl("-o", "/dev/null", "-w", "%{http_code}", "-X", "POST", `https://${HOST}/api/t`);
    expect((await post()).stdout).toBe("403");
    gateway.setPolicy("e2e", inForce(POLICY.replace("method: GET", "method: POST"), 2));
    expect((await post()).stdout).toBe("200");
    gateway.setPolicy("e2e", inForce(POLICY, 3));
    expect((await post()).stdout).toBe("403");
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
