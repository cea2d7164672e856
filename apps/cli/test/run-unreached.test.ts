import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeAuthority, makeServerCertificate } from "../src/up/certificates.ts";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const HOST = "api.creel.example";
/**
 * The Node of this test asks; nothing else is sure to be on a host. It waits as long as a gateway on a busy machine needs, which neither
 * `fetch` (ten seconds) nor a resolver (fifteen) does.
 */
const ask = (host: string): string =>
  `const ask = () => require("https").get("https://${host}/v1/things", (r) => { console.log("answer", r.statusCode); r.resume(); })
    .on("error", (e) => (e.code === "EAI_AGAIN" ? ask() : console.log("error", e.code))); ask();`;

let folder: string;
let server: Server;
let place = "";
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "creel-unreached-test-"));
  const authority = await makeAuthority("Private", 1);
  const leaf = await makeServerCertificate(authority, { dns: [HOST], ip: [] }, 1);
  writeFileSync(join(folder, "ca.crt"), authority.certPem);
  server = createServer({ cert: leaf.certPem, key: leaf.keyPem }, (_request, response) => response.end("here\n"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  place = `${HOST}:443:127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

function run(args: string[], host: string, trust = true): Promise<Ended> {
  const env = {
    ...process.env,
    CREEL_HOME: join(folder, "home"),
    XDG_CONFIG_HOME: folder,
    NODE_EXTRA_CA_CERTS: trust ? join(folder, "ca.crt") : "",
  };
  const line = ["--import", import.meta.resolve("tsx"), main, "run", ...args, "--", process.execPath, "-e", ask(host)];
  return new Promise((resolve) => {
    const child = spawn(process.execPath, line, { env, cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
    const ended: Ended = { code: null, out: "", err: "" };
    child.stdout.on("data", (chunk) => {
      ended.out += chunk;
    });
    child.stderr.on("data", (chunk) => {
      ended.err += chunk;
    });
    child.on("close", (code) => resolve({ ...ended, code }));
  });
}

const policyFor = (host: string): string => `version: 1
network_policies:
  fetch:
    endpoints:
      - { host: ${host}, port: 443, protocol: rest, access: read-only }
    binaries: [{ path: "${process.execPath}" }]
`;

describe("places that were allowed and not reached stand apart, with the remedy", () => {
  const ended = async (host: string, flags: string[], trust = true): Promise<string> => {
    writeFileSync(join(folder, "p.yaml"), policyFor(host));
    const { err } = await run(["--policy", "p.yaml", ...flags], host, trust);
    expect(err).not.toContain("Reached:");
    return err.slice(err.indexOf("Allowed, but not reached:"));
  };

  it("an authority that is not trusted", async () => {
    const words = await ended(HOST, ["--resolve", place], false);
    expect(words).toContain(`${HOST}:443: its certificate comes from an authority that is not trusted here`);
    expect(words).toContain("NODE_EXTRA_CA_CERTS=");
  });

  it("a name without an address", async () => {
    const words = await ended("no-such-host.invalid", []);
    expect(words).toContain("DNS knows no address");
    expect(words).toContain("--resolve no-such-host.invalid:443:ADDRESS");
  });

  it("a port where nobody listens; and the record keeps to its contract", async () => {
    // Port 1 of the loopback: nothing listens there on any host of ours.
    const words = await ended(HOST, ["--resolve", `${HOST}:443:127.0.0.1:1`]);
    expect(words).toContain("nothing listens there (ECONNREFUSED)");
    const { err } = await run(["--policy", "p.yaml", "--resolve", `${HOST}:443:127.0.0.1:1`, "--json"], HOST);
    const lines = err
      .trim()
      .split("\n")
      .map((text) => JSON.parse(text));
    expect(lines.at(-1).summary).toMatchObject({ reached: [], unreached: [{ host: HOST, reason: "ECONNREFUSED" }] });
    expect(lines.some((line) => "failure" in line)).toBe(false);
  });
});

describe("to allow this, a command that merges", () => {
  const pasted = (err: string): string => /^ {2}(.* policy allow .*)$/m.exec(err)?.[1] ?? "no command";
  const paste = (command: string) =>
    spawnSync("sh", ["-c", command], {
      cwd: folder,
      env: { ...process.env, CREEL_HOME: join(folder, "home") },
      encoding: "utf8",
    });

  it.each(["the built-in policy", "a file that has the same keys and entry"])(
    "under %s: pasted, it lets the next run through",
    async (under) => {
      const file = under.startsWith("the") ? "policy.yaml" : "entry.yaml";
      rmSync(join(folder, file), { force: true });
      if (file === "entry.yaml") writeFileSync(join(folder, file), policyFor("other.creel.example"));
      const flags = ["--resolve", place];
      const denied = await run(file === "policy.yaml" ? flags : [...flags, "--policy", file], HOST);
      expect(denied).toMatchObject({ out: expect.stringContaining("answer 403") });
      const merge = paste(pasted(denied.err));
      expect(merge.stderr).toContain(file);
      expect(merge.status).toBe(0);
      const allowed = await run([...flags, "--policy", file], HOST);
      expect(allowed).toMatchObject({ out: expect.stringContaining("answer 200") });
      const once = readFileSync(join(folder, file), "utf8");
      expect(paste(pasted(denied.err)).status).toBe(0);
      expect(readFileSync(join(folder, file), "utf8")).toBe(once);
    },
  );
});
