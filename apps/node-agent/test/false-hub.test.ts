import { createHash, X509Certificate } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { enroll } from "../src/enroll.ts";
import { fetchPinnedCa } from "../src/pinned-ca.ts";
import { layFile } from "../src/sandbox/home-files.ts";
import { startWorld } from "./world.ts";

const dir = mkdtempSync(join(tmpdir(), "creel-false-"));
const capabilities = { kernel: "test", arch: "x64", landlockAbi: 0, layers: [] };
let hub: Awaited<ReturnType<typeof startWorld>>;
let port = 0;
beforeAll(async () => {
  hub = await startWorld("hub.example");
  port = Number(Object.values(hub.resolve)[0]?.split(":")[1]);
});
afterAll(async () => {
  await hub.close();
  rmSync(dir, { recursive: true, force: true });
});

describe("a false hub between a new node and its own", () => {
  it("sees no secret: the node ends the connection before it has sent a request", async () => {
    const uri = `creel://127.0.0.1:${port}/?secret=${"s".repeat(43)}&ca=sha256:${"ab".repeat(32)}`;
    await expect(enroll(uri, join(dir, "node"), { capabilities })).rejects.toThrow("Nothing was sent");
    expect(hub.served).toEqual([]);
    expect(existsSync(join(dir, "node", "identity"))).toBe(false);
  });
  it("is not helped by showing a certificate of the right host that is not the pinned one", async () => {
    const pin = createHash("sha256").update(new X509Certificate(hub.caPem).raw).digest("hex");
    await expect(fetchPinnedCa({ host: "127.0.0.1", port, caFingerprint: pin })).rejects.toThrow("does not show");
  });
});

describe("an agent that left links in its home", () => {
  it("does not make us write through a linked folder or a linked file", async () => {
    const home = join(dir, "home");
    const outside = join(dir, "outside");
    mkdirSync(home);
    mkdirSync(outside);
    writeFileSync(join(outside, "models.json"), "theirs");
    symlinkSync(outside, join(home, ".pi"));
    await expect(layFile(home, ".pi/models.json", "ours")).rejects.toThrow();
    symlinkSync(join(outside, "models.json"), join(home, "models.json"));
    await layFile(home, "models.json", "ours");
    await expect(layFile(home, "../escaped", "ours")).rejects.toThrow("may not be called");
    const { readFileSync } = await import("node:fs");
    expect(readFileSync(join(outside, "models.json"), "utf8")).toBe("theirs");
    expect(readFileSync(join(home, "models.json"), "utf8")).toBe("ours");
  });
});
