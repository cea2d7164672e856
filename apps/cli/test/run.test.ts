import { spawn } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { decisionRecordSchema } from "@creel/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeAuthority, makeServerCertificate } from "../src/up/certificates.ts";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const SECRET = "s3cret-value-of-this-test";
let folder: string;
let server: Server;
let port = 0;
const seen: { method: string; path: string; authorization: string | undefined }[] = [];

const POLICY = `version: 1
network_policies:
  api:
    endpoints:
      - host: api.creel.example
        port: 443
        protocol: rest
        rules:
          - allow: { method: GET, path: /v1/** }
    binaries:
      - path: /sandbox/work/node
credentials:
  API_KEY:
    endpoints:
      - { host: api.creel.example, port: 443, path: /v1/** }
`;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "creel-run-test-"));
  const authority = await makeAuthority("Test", 1);
  const leaf = await makeServerCertificate(authority, { dns: ["api.creel.example"], ip: [] }, 1);
  writeFileSync(join(folder, "ca.crt"), authority.certPem);
  writeFileSync(join(folder, "policy.yaml"), POLICY);
  server = createServer({ cert: leaf.certPem, key: leaf.keyPem }, (request, response) => {
    seen.push({ method: request.method ?? "", path: request.url ?? "", authorization: request.headers.authorization });
    response.end(`you sent ${request.headers.authorization ?? "nothing"}\n`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  port = typeof address === "object" && address !== null ? address.port : 0;
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

function creel(
  args: string[],
  env: Record<string, string> = {},
): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--import", "tsx", main, "run", ...args], {
      env: { ...process.env, NODE_EXTRA_CA_CERTS: join(folder, "ca.crt"), ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let out = "";
    let err = "";
    child.stdout.on("data", (chunk) => {
      out += chunk;
    });
    child.stderr.on("data", (chunk) => {
      err += chunk;
    });
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, out, err }));
  });
}
const bash = (script: string): string[] => ["--", "bash", "-c", script];

describe("creel run", () => {
  it("exits with the command's own exit code", async () => {
    expect(await creel(bash("echo hello; exit 42"))).toMatchObject({ code: 42, out: "hello\n" });
  });

  it("lets nothing out by default and says so in a sentence", async () => {
    const { code, err } = await creel(bash("exec 3<>/dev/tcp/192.0.2.1/443; echo x >&3; read <&3 || exit 9"));
    expect(code).not.toBe(0);
    expect(err).toMatch(/creel: denied 192\.0\.2\.1:443 for \/usr\/bin\/bash/);
  });

  it("hides the host's files, processes, environment and secrets", async () => {
    const script = "env; ls /home /root 2>&1; ps aux 2>/dev/null | wc -l; cat /etc/shadow 2>&1";
    const { out } = await creel(["--secret", "API_KEY=env:MINE", ...bash(script)], { MINE: SECRET, OTHER: SECRET });
    expect(out).not.toContain(SECRET);
    expect(out).toMatch(/^API_KEY=creel-placeholder-API_KEY-[0-9a-f]{32}$/m);
    expect(out).toContain("/etc/shadow: No such file");
  });

  it("writes to the workspace, and to no other folder of the host", async () => {
    const { code } = await creel([
      "--workspace",
      folder,
      ...bash("echo made > made.txt; ! touch /usr/made 2>/dev/null"),
    ]);
    expect(code).toBe(0);
    expect(readFileSync(join(folder, "made.txt"), "utf8")).toBe("made\n");
  });

  it("never shows a workspace the fleet's own keys, nor the sockets of other sandboxes", async () => {
    const home = join(folder, "project/.creel");
    mkdirSync(join(home, "secrets"), { recursive: true });
    writeFileSync(join(home, "secrets/master.key"), SECRET);
    const env = { CREEL_HOME: home };
    const look = [
      "--workspace",
      join(folder, "project"),
      ...bash("find . 2>/dev/null; cat .creel/secrets/master.key 2>&1"),
    ];
    const { out } = await creel(look, env);
    expect(out).toContain("./.creel");
    expect(out).not.toContain(SECRET);
    for (const forbidden of [home, join(home, "secrets"), tmpdir(), "/"])
      expect(await creel(["--workspace", forbidden, ...bash("true")], env)).toMatchObject({ code: 2 });
  });

  it("ends as a shell does when the command is not there or cannot be executed, and says what would help", async () => {
    const missing = await creel(["--", "no-such-program"]);
    expect(missing.code).toBe(127);
    expect(missing.err).toContain("creel: no-such-program: not found inside the sandbox");
    expect(missing.err).toContain("No folder of your PATH has a program called no-such-program.");
    const unseen = await creel(["--", `./${relative(process.cwd(), join(folder, "policy.yaml"))}`]);
    expect(unseen.code).toBe(127);
    expect(unseen.err).toContain("--workspace .");
    const plain = await creel(["--workspace", folder, "--", "/sandbox/work/policy.yaml"]);
    expect(plain.code).toBe(126);
    expect(plain.err).toContain("chmod +x");
  });

  it("refuses wrong usage with exit code 2 before anything starts", async () => {
    expect((await creel(["--resolve", "nonsense", ...bash("true")])).code).toBe(2);
    expect((await creel(["--policy", join(folder, "none.yaml"), ...bash("true")])).code).toBe(2);
    expect((await creel(["--workspace", join(folder, "none"), ...bash("true")])).code).toBe(2);
    expect((await creel([])).code).toBe(2);
  });
});

/** Waits as long as a gateway on a busy machine needs, which neither `fetch` (ten seconds) nor a resolver (fifteen) does. */
const ASK = `import http from "node:http";
import https from "node:https";
const ask = async (url, method, headers, tell) => {
  const answer = await new Promise((resolve, reject) => {
    const again = () => (url.startsWith("https:") ? https : http).request(url, { method, headers }, resolve)
      .on("error", (e) => (e.code === "EAI_AGAIN" ? again() : reject(e))).end();
    again();
  });
  let text = "";
  for await (const chunk of answer) text += chunk;
  tell(answer.statusCode, text);
};
`;

describe("creel run with a policy", () => {
  // python3, perl or openssl may be absent; the Node of this test is always there, put into the workspace.
  const script = (method: string): string =>
    `${ASK}await ask("https://api.creel.example/v1/things", "${method}", { authorization: "Bearer " + process.env.API_KEY }, (status, text) => console.log(status, text));`;
  const probe = (method: string): string[] => {
    writeFileSync(join(folder, "probe.mjs"), script(method));
    return ["--", "/sandbox/work/node", "/sandbox/work/probe.mjs"];
  };
  const flags = (): string[] => [
    ...["--workspace", folder, "--policy", join(folder, "policy.yaml")],
    ...["--resolve", `api.creel.example:443:127.0.0.1:${port}`, "--secret", "API_KEY=env:MINE"],
  ];
  beforeAll(() => {
    copyFileSync(process.execPath, join(folder, "node"));
    chmodSync(join(folder, "node"), 0o755);
  });

  it("puts the real secret in at the gateway and takes it out of the answer", async () => {
    const { code, out, err } = await creel([...flags(), ...probe("GET")], { MINE: SECRET });
    expect({ code, seen: seen.at(-1) }, err).toEqual({
      code: 0,
      seen: { method: "GET", path: "/v1/things", authorization: `Bearer ${SECRET}` },
    });
    expect(out).toContain("200 you sent Bearer creel-placeholder-API_KEY-");
    expect(out).not.toContain(SECRET);
  });

  it("trusts the authority that SSL_CERT_FILE names, and no other", async () => {
    const own = { MINE: SECRET, NODE_EXTRA_CA_CERTS: "", SSL_CERT_FILE: join(folder, "ca.crt") };
    expect((await creel([...flags(), ...probe("GET")], own)).out).toContain("200 you sent");
    const before = seen.length;
    expect((await creel([...flags(), ...probe("GET")], { ...own, SSL_CERT_FILE: "" })).out).toContain("502");
    expect(seen.length).toBe(before);
  });

  it("denies a method the policy does not name, and records it", async () => {
    const decisions = join(folder, "decisions.jsonl");
    const before = seen.length;
    const denied = await creel([...flags(), "--decisions", decisions, ...probe("POST")], { MINE: SECRET });
    expect(denied.out).toContain("403");
    expect(seen.length).toBe(before);
    expect(denied.err).toContain("creel: denied POST api.creel.example:443/v1/things");
    const records = readFileSync(decisions, "utf8")
      .trim()
      .split("\n")
      .map((each) => decisionRecordSchema.parse(JSON.parse(each)));
    expect(records.at(-1)).toMatchObject({
      decision: "deny",
      method: "POST",
      host: "api.creel.example",
      path: "/v1/things",
    });
  });

  it("--monitor lets pass what the policy would deny and tells it apart; secrets and metadata services stay guarded", async () => {
    writeFileSync(
      join(folder, "monitored.mjs"),
      `${ASK}const show = (method) => (status, text) => console.log(method, status, status === 200 ? text : "");
await ask("https://api.creel.example/elsewhere", "PUT", {}, show("PUT"));
await ask("https://api.creel.example/elsewhere", "POST", { authorization: "Bearer " + process.env.API_KEY }, show("POST"));
await ask("http://169.254.169.254/latest", "GET", {}, show("GET"));`,
    );
    const decisions = join(folder, "monitored.jsonl");
    const before = seen.length;
    const { out, err } = await creel(
      [...flags(), "--monitor", "--decisions", decisions, "--", "/sandbox/work/node", "/sandbox/work/monitored.mjs"],
      { MINE: SECRET },
    );
    expect(out, err).toBe("PUT 200 you sent nothing\n\nPOST 403 \nGET 403 \n");
    expect(seen.slice(before).map(({ method, path }) => `${method} ${path}`)).toEqual(["PUT /elsewhere"]);
    expect(err).toContain("creel: would be denied: PUT api.creel.example:443/elsewhere");
    expect(err).toMatch(/Denied:\n {2}POST api\.creel\.example:443\/elsewhere/);
    expect(err).toMatch(/Would be denied without monitor mode:\n {2}PUT api\.creel\.example:443\/elsewhere/);
    const records = readFileSync(decisions, "utf8").trim().split("\n");
    const made = records.map((each) => decisionRecordSchema.parse(JSON.parse(each)));
    expect(made.map(({ method, decision }) => `${method} ${decision}`)).toEqual([
      ...["PUT would_deny", "POST deny", "GET deny"],
    ]);
  });
});
