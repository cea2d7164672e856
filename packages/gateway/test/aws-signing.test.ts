import { describe, expect, it } from "vitest";
import { awsTarget, payloadHash, type Signing, signAws } from "../src/credentials/aws/sign.ts";
import type { CheckedRequest } from "../src/http/checkRequest.ts";

/** The keys and the moment of AWS's published test suite for Signature Version 4. */
const KEYS = {
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  sessionToken: null,
};
const NOW = Date.parse("2015-08-30T12:36:00Z");
const SERVICE: Signing = { mode: "sigv4", service: "service", region: "us-east-1" };
const LETTERS = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

const asked = (method: string, target: string, more: Partial<CheckedRequest> = {}): CheckedRequest => ({
  method,
  path: target.split("?")[0] ?? "/",
  target,
  headers: [],
  body: "none",
  upgrade: null,
  takesTrailers: false,
  ...more,
});
const sign = (request: CheckedRequest, extra: Partial<Parameters<typeof signAws>[0]> = {}) =>
  signAws({
    request,
    body: null,
    signing: SERVICE,
    scopeRegion: null,
    keys: KEYS,
    host: "example.amazonaws.com",
    nowMs: NOW,
    ...extra,
  });
const header = ({ headers }: CheckedRequest, name: string) => headers.find(([key]) => key === name)?.[1];

describe("a signature for AWS", () => {
  it.each([
    ["get-vanilla", "GET", "/", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"],
    ["get-unreserved", "GET", `/${LETTERS}`, "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"],
    [
      "get-vanilla-query-order-key-case",
      "GET",
      "/?Param2=value2&Param1=value1",
      "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    ],
    [
      "get-vanilla-query-order-encoded",
      "GET",
      "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
      "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac",
    ],
    [
      "get-vanilla-empty-query-key",
      "GET",
      "/?Param1=value1",
      "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb",
    ],
    [
      "get-vanilla-query-unreserved",
      "GET",
      `/?${LETTERS}=${LETTERS}`,
      "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197",
    ],
    [
      "get-vanilla-utf8-query",
      "GET",
      "/?%E1%88%B4=bar",
      "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04",
    ],
    ["post-vanilla", "POST", "/", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"],
    [
      "post-vanilla-query",
      "POST",
      "/?Param1=value1",
      "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11",
    ],
  ])("is the published one for %s", async (_name, method, target, signature) => {
    const signed = await sign(asked(method, target));
    expect(header(signed, "authorization")).toBe(
      `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=${signature}`,
    );
    expect(header(signed, "x-amz-date")).toBe("20150830T123600Z");
  });

  it("covers the session token, as the published one does", async () => {
    const sessionToken = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";
    const signed = await sign(asked("GET", "/"), { keys: { ...KEYS, sessionToken } });
    expect(header(signed, "x-amz-security-token")).toBe(sessionToken);
    expect(header(signed, "authorization")).toContain(
      "Signature=07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8",
    );
  });

  it("replaces everything that the sandbox signed with, and keeps the rest", async () => {
    const headers: [string, string][] = [
      ["Authorization", "AWS4-HMAC-SHA256 Credential=mine/20150830/eu-west-1/service/aws4_request, Signature=0"],
      ["X-Amz-Date", "19990101T000000Z"],
      ["X-Amz-Security-Token", "mine"],
      ["X-Amz-Target", "Service.Do"],
      ["User-Agent", "sdk"],
    ];
    const signed = await sign(asked("POST", "/", { headers }));
    expect(JSON.stringify(signed.headers)).not.toMatch(/mine|19990101/);
    expect(header(signed, "authorization")).toContain("SignedHeaders=host;x-amz-date;x-amz-target,");
    expect(signed.headers).toContainEqual(["User-Agent", "sdk"]);
  });

  it("knows from the head what can be known of a body, and otherwise asks for it", () => {
    const put = (said: string | null, mode: Signing["mode"], service: string) =>
      payloadHash(
        asked("PUT", "/k", { body: { bytes: 3 }, headers: said === null ? [] : [["x-amz-content-sha256", said]] }),
        { mode, service, region: null },
      );
    const hash = "a".repeat(64);
    expect(put(hash, "sigv4", "s3")).toBe(hash);
    expect(put(null, "sigv4", "s3")).toBe("UNSIGNED-PAYLOAD");
    expect(put("STREAMING-UNSIGNED-PAYLOAD-TRAILER", "sigv4", "s3")).toBe("STREAMING-UNSIGNED-PAYLOAD-TRAILER");
    expect(put(null, "sigv4", "sts")).toBeNull();
    expect(put(hash, "sigv4:body", "s3")).toBeNull();
    expect(put(hash, "sigv4:no_body", "s3")).toBe("UNSIGNED-PAYLOAD");
  });

  it("speaks AWS's spelling of path and query, and sends what it signed", () => {
    expect(awsTarget("/a+b(1)/c%20d%2Fe?x=a+b&acl&y=%2a").target).toBe("/a%2Bb%281%29/c%20d%2Fe?x=a%20b&acl=&y=%2A");
    expect(awsTarget("/?__proto__=1").target).toBe("/?__proto__=1");
  });
});
