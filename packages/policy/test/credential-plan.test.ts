/** Which secret may go where, and what is done with it there. Attack: a secret led to another path, case, program or moment. */
import { describe, expect, it } from "vitest";
import {
  allowsUninspectedCredentials,
  bindsCredential,
  compilePolicy,
  credentialPlan,
  mayHoldCredential,
  parsePolicy,
} from "../src/index.ts";

const YAML = `version: 1
network_policies:
  narrow:
    name: narrow
    expires_at: "2030-01-01T00:00:00Z"
    endpoints:
      - host: api.example.com
        port: 443
        path: /pay/**
        protocol: rest
        access: full
        request_body_credential_rewrite: true
        credential_binding: { provider: PAY }
    binaries: [{ path: /usr/bin/curl }]
  wide:
    name: wide
    endpoints:
      - { host: api.example.com, port: 443, protocol: rest, access: full, websocket_credential_rewrite: true }
      - { host: s3.example.com, port: 443, protocol: rest, access: full, credential_signing: "sigv4:body", signing_service: s3 }
      - { host: raw.example.com, port: 22, protocol: tcp }
      - { host: open.example.com, port: 443, tls: skip, allow_uninspected_credentials: true }
    binaries: [{ path: /usr/bin/curl }]
credentials:
  TOKEN:
    endpoints:
      - { host: "*.example.com", ports: [443, 8443], path: /v1/** }
`;
const { policy, problems } = parsePolicy(YAML);
if (policy === null) throw new Error(JSON.stringify(problems));
const compiled = compilePolicy(policy);
const NOW = Date.parse("2026-01-01T00:00:00Z");
const curl = { binary: "/usr/bin/curl", port: 443 };
const planOf = (path: string, more: object = {}, nowMs = NOW) =>
  credentialPlan(compiled, { ...curl, host: "api.example.com", path, ...more }, nowMs);

describe("what an endpoint does with secrets", () => {
  it("holds where the endpoint speaks, and nowhere else", () => {
    expect(planOf("/pay/x")).toEqual({ bound: ["PAY"], requestBodies: true, webSocketText: false, signing: null });
    expect(planOf("/other")).toMatchObject({ bound: [], requestBodies: false, webSocketText: true });
  });

  it.each([
    ["another case of its path", "/PAY/x", {}, NOW],
    ["another program", "/pay/x", { binary: "/usr/bin/evil" }, NOW],
    ["another port", "/pay/x", { port: 8443 }, NOW],
    ["a time when the entry has ended", "/pay/x", {}, Date.parse("2031-01-01T00:00:00Z")],
    ["a path without one reading", "/pay/../../x", {}, NOW],
  ])("gives nothing away to %s", (_name, path, more, nowMs) => {
    expect(planOf(path, more, nowMs).bound).toEqual([]);
    expect(planOf(path, more, nowMs).requestBodies).toBe(false);
  });

  it("says how to sign", () => {
    expect(planOf("/", { host: "s3.example.com" }).signing).toEqual({
      mode: "sigv4:body",
      service: "s3",
      region: null,
    });
  });
});

describe("`credentials`", () => {
  const binds = (host: string, port: number, path?: string, name = "TOKEN") =>
    bindsCredential(compiled, { name, host, port, ...(path === undefined ? {} : { path }) });

  it("binds by host pattern, port and path, each in its own letters", () => {
    expect(binds("api.example.com", 443, "/v1/x")).toBe(true);
    expect(binds("api.example.com", 8443)).toBe(true);
    expect(binds("api.example.com", 443, "/V1/x")).toBe(false);
    expect(binds("api.example.com", 443, "/v2/x")).toBe(false);
    expect(binds("api.example.com", 80, "/v1/x")).toBe(false);
    expect(binds("a.b.example.com", 443, "/v1/x")).toBe(false);
    expect(binds("example.com", 443, "/v1/x")).toBe(false);
    expect(binds("api.example.com", 443, "/v1/x", "OTHER")).toBe(false);
    expect(binds("api.example.com", 443, "/v1/x", "__proto__")).toBe(false);
  });

  it("and bindings of endpoints say together what a place may hold", () => {
    const holds = (name: string, host: string) => mayHoldCredential(compiled, { name, host, port: 443 });
    expect(holds("TOKEN", "x.example.com")).toBe(true);
    expect(holds("PAY", "api.example.com")).toBe(true);
    expect(holds("PAY", "x.example.com")).toBe(false);
  });
});

describe("credentials where nobody reads", () => {
  it("need an endpoint that says so", () => {
    const allows = (host: string, port: number, binary = curl.binary) =>
      allowsUninspectedCredentials(compiled, { binary, host, port }, NOW);
    expect(allows("open.example.com", 443)).toBe(true);
    expect(allows("open.example.com", 443, "/usr/bin/evil")).toBe(false);
    expect(allows("raw.example.com", 22)).toBe(false);
  });
});
