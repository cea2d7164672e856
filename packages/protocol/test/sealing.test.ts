import { createPublicKey, generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeSealingKey, openSealed, publicSealingKey, type SealPlace, sealFor } from "../src/sealing.ts";

const node = makeSealingKey();
const other = makeSealingKey();
const place: SealPlace = {
  nodeId: "0190f5c2-7b1a-7c3e-8f00-0000000000aa",
  generation: 7,
  sandboxId: "0190f5c2-7b1a-7c3e-8f00-0000000000bb",
  secretId: "0190f5c2-7b1a-7c3e-8f00-0000000000cc",
  name: "GITHUB_TOKEN",
  version: 3,
};
const REFUSED = /another node or another place, or was altered/;

describe("a value sealed for a node", () => {
  it("opens there as it was, whatever its letters", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 200 }), (value) => {
        // A lone surrogate is no text; the verb that takes values refuses it.
        fc.pre(Buffer.from(value, "utf8").toString("utf8") === value);
        expect(openSealed(node.privatePem, sealFor(node.publicKey, value, place), place)).toBe(value);
      }),
      { numRuns: 50 },
    );
  });
  it("never looks the same twice, and does not hold the value", () => {
    const [one, two] = [
      sealFor(node.publicKey, "hunter2hunter2", place),
      sealFor(node.publicKey, "hunter2hunter2", place),
    ];
    expect(one).not.toBe(two);
    for (const part of one.split("."))
      expect(Buffer.from(part, "base64url").toString("latin1")).not.toContain("hunter2");
  });
  it("is told by the private key which public key is its own", () => {
    expect(publicSealingKey(node.privatePem)).toBe(node.publicKey);
    expect(Buffer.from(node.publicKey, "base64url")).toHaveLength(32);
  });
});

describe("attacks", () => {
  const sealed = sealFor(node.publicKey, "the value", place);

  it("another node's key opens nothing", () => {
    expect(() => openSealed(other.privatePem, sealed, place)).toThrow(REFUSED);
  });
  it.each([
    ["another node", { nodeId: place.sandboxId }],
    ["an older plan", { generation: 6 }],
    ["another sandbox", { sandboxId: place.nodeId }],
    ["another secret", { secretId: place.nodeId }],
    ["another name", { name: "GITHUB_TOKEN2" }],
    ["another version", { version: 2 }],
  ])("moved to %s it does not open", (_what, moved) => {
    expect(() => openSealed(node.privatePem, sealed, { ...place, ...moved })).toThrow(REFUSED);
  });
  it("a bit that was turned anywhere is noticed", () => {
    const parts = sealed.split(".");
    for (const at of [1, 2, 3]) {
      const bytes = Buffer.from(parts[at] ?? "", "base64url");
      for (let index = 0; index < bytes.length; index++) {
        const changed = Buffer.from(bytes);
        changed[index] = (changed[index] ?? 0) ^ 1;
        const forged = parts.map((part, each) => (each === at ? changed.toString("base64url") : part)).join(".");
        expect(() => openSealed(node.privatePem, forged, place)).toThrow();
      }
    }
  });
  it.each(["", "x1", "x1...", "x1.AA.AA.AA", `${sealed}.AA`, sealed.replace("x1", "x2"), sealed.slice(0, -30)])(
    "nonsense is refused in words that quote nothing: %#",
    (text) => {
      expect(() => openSealed(node.privatePem, text, place)).toThrow(
        /^(This is not a sealed value|The sealed value is)/,
      );
    },
  );
  it("a public key of small order, whose shared secret everybody knows, seals nothing", () => {
    const zero = Buffer.alloc(32).toString("base64url");
    const one = Buffer.concat([Buffer.from([1]), Buffer.alloc(31)]).toString("base64url");
    for (const key of [zero, one]) expect(() => sealFor(key, "the value", place)).toThrow();
  });
  it("a key of another kind or length is no key", () => {
    const ed = generateKeyPairSync("ed25519");
    const pem = ed.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    expect(() => publicSealingKey(pem)).toThrow(/X25519/);
    expect(createPublicKey(pem).asymmetricKeyType).toBe("ed25519");
    expect(() => sealFor("AAAA", "the value", place)).toThrow(/32 bytes/);
  });
});
