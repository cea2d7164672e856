import { makeSealingKey, type SealPlace, sealFor } from "@creel/protocol/sealing";
import { expect, it } from "vitest";
import { CredentialUnavailable, sealedSource } from "../src/index.ts";

const node = makeSealingKey();
const place: SealPlace = {
  nodeId: "0190f5c2-7b1a-7c3e-8f00-0000000000aa",
  generation: 7,
  sandboxId: "0190f5c2-7b1a-7c3e-8f00-0000000000bb",
  secretId: "0190f5c2-7b1a-7c3e-8f00-0000000000cc",
  name: "TOKEN",
  version: 2,
};
const VALUE = "sk-live-0123456789";
const sealed = sealFor(node.publicKey, VALUE, place);
const former = [{ version: 1, sealed: sealFor(node.publicKey, "sk-former-012345", { ...place, version: 1 }) }];

it("gives the value that was sealed for its place, and knows the one before", async () => {
  const source = sealedSource(node.privatePem, { place, sealed, former }, () => expect.unreachable());
  expect(await source.current()).toBe(VALUE);
  expect(source.values()).toEqual([VALUE, "sk-former-012345"]);
  expect(source.values()).toBe(source.values());
});

it.each([
  ["was sealed for another node", makeSealingKey().privatePem, { place, sealed, former: [] }],
  ["belongs to another sandbox", node.privatePem, { place: { ...place, sandboxId: place.nodeId }, sealed, former: [] }],
  ["comes from an older plan", node.privatePem, { place: { ...place, generation: 8 }, sealed, former: [] }],
])("a value that %s is none: its use is refused, and an operator is told without it", async (_what, pem, given) => {
  const problems: string[] = [];
  const source = sealedSource(pem, given, (text) => void problems.push(text));
  await expect(source.current()).rejects.toThrow(CredentialUnavailable);
  await expect(source.current()).rejects.toThrow("This node has no value of the credential TOKEN.");
  expect(source.values()).toEqual([]);
  expect(problems).toEqual(["Version 2 of the credential TOKEN could not be opened on this node."]);
});

it("a value that was not sent, or that came where there is no key, is none", async () => {
  const [absent, keyless] = [
    sealedSource(node.privatePem, { place, sealed: null, former: [] }, () => expect.unreachable()),
    sealedSource(null, { place, sealed, former }, () => expect.unreachable()),
  ];
  for (const source of [absent, keyless]) await expect(source.current()).rejects.toThrow(CredentialUnavailable);
  expect(keyless.values()).toEqual([]);
});
