import { X509Certificate } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type HomePaths, homePaths, makeHome } from "../src/up/home.ts";
import { ensureMasterKey, ensureTls, lastingSecret, tlsPaths } from "../src/up/secrets.ts";
import { startWorld } from "../src/up/world.ts";

let paths: HomePaths;
beforeEach(() => {
  paths = homePaths(mkdtempSync(join(tmpdir(), "creel-secrets-")));
  makeHome(paths);
});
afterEach(() => rmSync(paths.home, { recursive: true, force: true }));
const modeOf = (file: string): number => statSync(file).mode & 0o777;

describe("secrets on disk", () => {
  it("are readable by their owner alone, also in a folder that was opened to others", async () => {
    chmodSync(paths.secrets, 0o755);
    makeHome(paths);
    ensureMasterKey(paths, false);
    lastingSecret(paths.sessionSecret);
    await ensureTls(paths);
    expect(modeOf(paths.secrets)).toBe(0o700);
    const files = tlsPaths(paths.tls);
    for (const file of [paths.masterKey, paths.sessionSecret, files.caKey, files.hubKey])
      expect(modeOf(file)).toBe(0o600);
  });

  it("stay the same over starts", async () => {
    ensureMasterKey(paths, false);
    await ensureTls(paths);
    const before = [readFileSync(paths.masterKey), readFileSync(tlsPaths(paths.tls).hubCert)];
    ensureMasterKey(paths, true);
    await ensureTls(paths);
    expect([readFileSync(paths.masterKey), readFileSync(tlsPaths(paths.tls).hubCert)]).toEqual(before);
  });

  it("a lost master key is an error while sealed data exists, not a new key that opens nothing", () =>
    expect(() => ensureMasterKey(paths, true)).toThrow(/master key is gone/));

  it("the hub's certificate is signed by the deployment CA and carries it in its chain", async () => {
    await ensureTls(paths);
    const files = tlsPaths(paths.tls);
    const ca = readFileSync(files.caCert, "utf8");
    const hub = readFileSync(files.hubCert, "utf8");
    const leaf = new X509Certificate(hub);
    expect(leaf.checkIssued(new X509Certificate(ca))).toBe(true);
    expect(leaf.checkIP("127.0.0.1")).toBe("127.0.0.1");
    expect(hub).toContain(ca.trim());
  });
});

describe("the demo world", () => {
  it("answers both hosts to whoever trusts its CA", async () => {
    const world = await startWorld(paths);
    const ca = readFileSync(world.caFile);
    const ask = (host: string, method: string, path: string): Promise<number> =>
      new Promise((resolve, reject) => {
        const options = {
          host: "127.0.0.1",
          port: world.port,
          servername: host,
          headers: { host },
          ca,
          agent: false,
          method,
          path,
        };
        const call = request(options, (response) => {
          response.resume().once("end", () => resolve(response.statusCode ?? 0));
        });
        call.once("error", reject).end(method === "POST" ? "hello" : undefined);
      });
    try {
      expect(await ask("tickets.creel.example", "GET", "/api/tickets")).toBe(200);
      expect(await ask("tickets.creel.example", "POST", "/api/tickets/1/comments")).toBe(201);
      expect(await ask("paste.creel.example", "POST", "/api/paste")).toBe(201);
      expect(await ask("tickets.creel.example", "DELETE", "/api/tickets/1")).toBe(404);
    } finally {
      await world.close();
    }
  });
});
