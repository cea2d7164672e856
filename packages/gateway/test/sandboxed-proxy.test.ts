import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { DecisionRecord } from "@creel/protocol";
import { attachControl, launchSandbox, type SandboxControl } from "@creel/sandbox";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  createGateway,
  createRecordSink,
  createSandboxCa,
  type Gateway,
  PROXY_HOST,
  PROXY_PORT,
} from "../src/index.ts";
import { CLIENT, CLIENT_MOUNT, type ClientAnswer } from "./support/confinedClient.ts";
import { createUpstream, inForce, type Upstream } from "./support/world.ts";

/** A client that insists on a proxy, in a real sandbox: judged by the same lines, as the program that it is. */
const SECURE = "tickets.creel.example";
const PLAIN = "plain.creel.example";
const CA_FILE = "/etc/creel/ca.crt";
const ELSEWHERE = "paste.creel.example";
const COPY = "/tmp/client";
const UNDICI = "/opt/undici";
const PROXY = `http://${PROXY_HOST}:${PROXY_PORT}`;
const POLICY = `version: 1
network_policies:
  tickets:
    endpoints:
      - { host: ${SECURE}, port: 443, protocol: rest, rules: [{ allow: { method: GET, path: "/api/**" } }] }
      - { host: ${PLAIN}, port: 80, protocol: rest, rules: [{ allow: { method: GET, path: "/api/**" } }] }
    binaries:
      - path: ${CLIENT}
`;
/** Goes by the variables alone, as command-line tools do; with or without a tunnel for what is no TLS. */
const SCRIPT = `
const { EnvHttpProxyAgent, request } = require("${UNDICI}");
const one = async ({ url, method = "GET", tunnel = true }) => {
  const dispatcher = new EnvHttpProxyAgent({ proxyTunnel: tunnel });
  try {
    const r = await request(url, { method, dispatcher, signal: AbortSignal.timeout(60000) });
    return { status: r.statusCode, body: await r.body.text(), failed: null };
  } catch (e) {
    return { status: 0, body: "", failed: String(e.code ?? e.name) };
  }
};
(async () => {
  const answers = [];
  for (const asked of JSON.parse(process.argv[1])) answers.push(await one(asked));
  console.log(JSON.stringify(answers));
  process.exit();
})();`;

let folder: string;
let upstreams: Upstream[];
let gateway: Gateway;
let control: SandboxControl;
let hits: string[] = [];
const records: DecisionRecord[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "cg-"));
  const [runDir, stateDir] = [join(folder, "r"), join(folder, "s")];
  for (const path of [runDir, stateDir]) mkdirSync(path, { mode: 0o700 });
  const serve = (host: string, secure: boolean) =>
    createUpstream(
      host,
      (req, res) => {
        hits.push(`${req.method} ${req.headers.host} ${req.url}`);
        req.resume();
        res.end(`from outside: ${req.url}`);
      },
      { secure },
    );
  const [secure, plain] = await Promise.all([serve(SECURE, true), serve(PLAIN, false)]);
  upstreams = [secure, plain];
  gateway = createGateway({
    journal: createRecordSink({ onRecord: (record) => void records.push(record) }),
    labels: { org: "local", node: "n" },
    resolve: { [`${SECURE}:443`]: `127.0.0.1:${secure.port}`, [`${PLAIN}:80`]: `127.0.0.1:${plain.port}` },
    upstreamCa: [secure.caPem],
  });
  const ca = await createSandboxCa({ name: "e2e" });
  const undici = dirname(createRequire(import.meta.url).resolve("undici/package.json"));
  await launchSandbox({
    id: "proxied",
    runDir,
    stateDir,
    command: ["/usr/bin/sleep", "300"],
    mounts: [CLIENT_MOUNT, { source: undici, target: UNDICI, mode: "ro" }],
    files: [{ path: CA_FILE, content: ca.certificatePem }],
  });
  await gateway.add({ id: "proxied", name: "proxied", ca, network: { runDir }, ...inForce(POLICY) });
  control = await attachControl({ runDir });
});
afterAll(async () => {
  await gateway.close();
  await control.stop({ graceMs: 100 });
  control.close();
  for (const upstream of upstreams) await upstream.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  records.length = 0;
  hits = [];
});

interface Proxied {
  url: string;
  method?: string;
  tunnel?: boolean;
}
/** One start of the program for all of them, one after the other. */
async function ask(asked: Proxied[], program = CLIENT): Promise<ClientAnswer[]> {
  const result = await control.exec({
    command: [program, "-e", SCRIPT, JSON.stringify(asked)],
    env: { NODE_EXTRA_CA_CERTS: CA_FILE, HTTP_PROXY: PROXY, HTTPS_PROXY: PROXY },
    timeoutMs: 30_000,
  });
  return JSON.parse(result.stdout);
}

const WAYS: [string, { origin: string; host: string; port: number; tunnel: boolean }][] = [
  ["TLS in a tunnel", { origin: `https://${SECURE}`, host: SECURE, port: 443, tunnel: true }],
  ["plain HTTP in a tunnel", { origin: `http://${PLAIN}`, host: PLAIN, port: 80, tunnel: true }],
  ["plain HTTP in absolute form", { origin: `http://${PLAIN}`, host: PLAIN, port: 80, tunnel: false }],
];
describe.each(WAYS)("a program in a real sandbox, through the proxy, %s", (_name, { origin, host, port, tunnel }) => {
  it("reaches what the policy names, as the program that it is", async () => {
    const answers = await ask([{ url: `${origin}/api/x`, tunnel }]);
    expect(answers).toEqual([{ status: 200, body: "from outside: /api/x", failed: null }]);
    expect(hits).toEqual([`GET ${host} /api/x`]);
    expect(records).toMatchObject([{ kind: "http", decision: "allow", host, port, method: "GET", path: "/api/x" }]);
    expect(records[0]?.binary?.path).toBe(CLIENT);
    expect(records[0]?.binary?.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it("is told why a method, a path and another host are denied, and none of it leaves", async () => {
    const answers = await ask([
      { url: `${origin}/api/x`, method: "POST", tunnel },
      { url: `${origin}/admin`, tunnel },
      { url: `${origin.replace(host, ELSEWHERE)}/api/x`, tunnel },
    ]);
    const bodies = answers.map(({ body }) => JSON.parse(body));
    expect(bodies).toMatchObject([
      { error: "policy_denied", host, method: "POST" },
      { error: "policy_denied", host, path: "/admin" },
      { error: "policy_denied", host: ELSEWHERE },
    ]);
    expect(records.map(({ decision }) => decision)).toEqual(["deny", "deny", "deny"]);
    expect(hits).toEqual([]);
  });
});

describe("the proxy in a real sandbox", () => {
  it("knows a program that was copied for another", async () => {
    await control.exec({ command: ["/bin/cp", CLIENT, COPY], timeoutMs: 60_000 });
    const asked = WAYS.map(([, { origin, tunnel }]) => ({ url: `${origin}/api/x`, tunnel }));
    const bodies = (await ask(asked, COPY)).map(({ body }) => JSON.parse(body));
    expect(bodies).toMatchObject(asked.map(() => ({ error: "policy_denied", binary: COPY })));
    expect(records.map(({ binary }) => binary?.path)).toEqual(asked.map(() => COPY));
    expect(hits).toEqual([]);
  });

  it("leads neither to the host, nor to metadata, nor to itself", async () => {
    const hosts = ["127.0.0.1", "169.254.169.254", "localhost", PROXY_HOST];
    const asked = hosts.flatMap((host) => [true, false].map((tunnel) => ({ url: `http://${host}/api/x`, tunnel })));
    const answers = await ask(asked);
    for (const { status } of answers) expect([0, 403]).toContain(status);
    expect(records.length).toBeGreaterThanOrEqual(asked.length);
    expect(records.every(({ decision }) => decision === "deny")).toBe(true);
    expect(hits).toEqual([]);
  });
});
