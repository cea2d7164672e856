import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DesiredCredential } from "@creel/protocol";
import { makeSealingKey, publicSealingKey, sealFor } from "@creel/protocol/sealing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openCredentials } from "../src/gateway/credentials.ts";
import { ensureSealingKey } from "../src/sealing-key.ts";

const NODE = "0190f5c2-7b1a-7c3e-8f00-0000000000aa";
const BOX = "0190f5c2-7b1a-7c3e-8f00-0000000000bb";
const SECRET = "0190f5c2-7b1a-7c3e-8f00-0000000000cc";

let dir = "";
let keyFile = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "creel-sealing-"));
  keyFile = join(dir, "sealing.key");
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe("the node's sealing key", () => {
  it("is made once, and only its owner can read it", async () => {
    const made = await ensureSealingKey(keyFile);
    expect(made.fresh).toBe(true);
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    expect(publicSealingKey(readFileSync(keyFile, "utf8"))).toBe(made.publicKey);
    expect(await ensureSealingKey(keyFile)).toEqual({ publicKey: made.publicKey, fresh: false });
  });
  it("that is damaged is named with the way out, and never quoted", async () => {
    writeFileSync(keyFile, "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n");
    const failed = await ensureSealingKey(keyFile).catch((error: Error) => error.message);
    expect(failed).toBe(`${keyFile} is damaged. Remove it: the node makes another, and the hub seals to that one.`);
  });
});

describe("credentials of a plan", () => {
  const open = async () => {
    const { publicKey } = await ensureSealingKey(keyFile);
    const problems: string[] = [];
    const opened = await openCredentials({ keyFile, nodeId: NODE, onProblem: (text) => void problems.push(text) });
    const credential = (value: string, { version = 1, generation = 1, to = publicKey } = {}): DesiredCredential => ({
      name: "TOKEN",
      placeholder: "creel-placeholder-TOKEN",
      secretId: SECRET,
      version,
      sealed: sealFor(to, value, {
        nodeId: NODE,
        generation,
        sandboxId: BOX,
        secretId: SECRET,
        name: "TOKEN",
        version,
      }),
    });
    return { opened, problems, credential };
  };

  it("stay the same objects over plans that only seal them anew", async () => {
    const { opened, credential } = await open();
    const first = opened.of({ id: BOX, generation: 1, credentials: [credential("one")] });
    expect(await first[0]?.source.current()).toBe("one");
    expect(opened.of({ id: BOX, generation: 2, credentials: [credential("one", { generation: 2 })] })).toBe(first);
  });
  it("of a new version take the place of the old one, of which the scrubber still knows", async () => {
    const { opened, credential } = await open();
    const [first] = opened.of({ id: BOX, generation: 1, credentials: [credential("one")] });
    const [second] = opened.of({
      id: BOX,
      generation: 2,
      credentials: [credential("two", { version: 2, generation: 2 })],
    });
    expect(await second?.source.current()).toBe("two");
    expect(first?.source.values()).toEqual(["one"]);
  });
  it("that were named without a value are opened once it comes", async () => {
    const { opened, credential } = await open();
    const { sealed: _absent, ...named } = credential("one");
    const [before] = opened.of({ id: BOX, generation: 1, credentials: [named] });
    await expect(before?.source.current()).rejects.toThrow("no value");
    const [after] = opened.of({ id: BOX, generation: 1, credentials: [credential("one")] });
    expect(await after?.source.current()).toBe("one");
  });
  it("that are sealed to another node, or were kept from an older plan, have no value here", async () => {
    const { opened, problems, credential } = await open();
    const stranger = credential("one", { to: makeSealingKey().publicKey });
    const old = credential("one", { version: 2, generation: 1 });
    for (const [id, each] of [stranger, old].entries()) {
      opened.forget(BOX);
      const [held] = opened.of({ id: BOX, generation: 2 + id, credentials: [each] });
      await expect(held?.source.current()).rejects.toThrow("no value");
    }
    expect(problems).toHaveLength(2);
    expect(problems.join()).not.toContain("one,");
  });
});
