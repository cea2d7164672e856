import { decide } from "@creel/policy";
import { describe, expect, it } from "vitest";
import { asRequest } from "../src/judgeConnection.ts";
import { judgeDialled, keepAllowed, type Target } from "../src/upstream/resolve.ts";
import { CURL, inForce } from "./support/world.ts";

/** A hostile server gives its own name a public address beside a private one; a policy that takes the private one away must end what leads there. */
const HOST = "files.example.com";
const PUBLIC = "93.184.216.34";
const PRIVATE = "10.1.2.3";

const policyOf = (...allowed: string[]) =>
  inForce(`version: 1
network_policies:
  only:
    endpoints:
      - { host: ${HOST}, port: 443, protocol: tcp, allowed_ips: [${allowed.map((ip) => `${ip}/32`).join(", ")}] }
    binaries:
      - path: ${CURL.path}
`).policy;

const judged = (policy: ReturnType<typeof policyOf>) => (ip: string | undefined) =>
  decide(
    policy,
    { ...asRequest({ identity: CURL, host: HOST, port: 443 }), ...(ip === undefined ? {} : { ip }) },
    Date.now(),
  );

const found: Target = { addresses: [PUBLIC, PRIVATE], port: 443, operator: false };

describe("ATTACK an address that a new policy takes away", () => {
  const before = keepAllowed(found, HOST, judged(policyOf(PUBLIC, PRIVATE)));
  const dialled: Target = { ...found, addresses: before.addresses };

  it("is not kept by another address of its name that stays allowed", () => {
    expect(before).toMatchObject({ decision: { decision: "allow" }, addresses: [PUBLIC, PRIVATE] });
    const after = judged(policyOf(PUBLIC));
    expect(keepAllowed(found, HOST, after).decision.decision).toBe("allow");
    expect(judgeDialled(dialled, HOST, after)).toMatchObject({
      decision: "deny",
      reason: expect.stringContaining("address"),
    });
  });

  it("ends nothing that was never dialled there", () => {
    const narrow = keepAllowed(found, HOST, judged(policyOf(PUBLIC)));
    expect(narrow.addresses).toEqual([PUBLIC]);
    const target = { ...found, addresses: narrow.addresses };
    expect(judgeDialled(target, HOST, judged(policyOf(PUBLIC))).decision).toBe("allow");
  });

  it("leaves what the operator set to the name alone", () => {
    const target: Target = { addresses: ["127.0.0.1"], port: 8443, operator: true };
    expect(judgeDialled(target, HOST, judged(policyOf(PUBLIC))).decision).toBe("allow");
  });
});
