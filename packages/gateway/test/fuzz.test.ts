import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type HttpRun, judgeBytes, playHttp, startHttp } from "../fuzz/httpRun.ts";
import { playCodecs } from "../fuzz/run.ts";
import { helloOf } from "./support/hello.ts";

/** A short, always equal part of what `node packages/gateway/fuzz/main.mjs` tries for hours. */
let http: HttpRun;
beforeAll(async () => {
  http = await startHttp();
});
afterAll(() => http.close());

describe("hostile bytes", () => {
  it("on HTTP connections, direct and through the proxy, send on what the records allowed and nothing else", async () => {
    const { faults, requests } = await playHttp(http, { seed: 1, connections: 120 });
    expect(faults).toEqual([]);
    // Most of what is tried must come as far as the judge, or the run says nothing.
    expect(requests).toBeGreaterThan(20);
  });

  it("in DNS packets, first TLS records and WebSocket frames break no codec", async () => {
    expect(playCodecs(await helloOf("api.example.com"), { seed: 1, cases: 1500 })).toEqual([]);
  });
});

describe("the judge of that run", () => {
  const sound = "GET /v1/a HTTP/1.1\r\nHost: plain.example.com\r\n\r\n";
  const allowed = new Map([["GET plain.example.com /v1/a", 1]]);
  it("finds nothing wrong with what is sound", () => {
    expect(judgeBytes([sound], allowed)).toEqual([]);
  });
  it.each([
    ["a request nobody allowed", [sound + sound]],
    [
      "bytes with two readings",
      [`POST /v1/a HTTP/1.1\r\nHost: plain.example.com\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\nhello`],
    ],
    ["a line that ends in two ways", ["GET /v1/a HTTP/1.1\r\nHost: plain.example.com\r\nX: a\nHost: evil\r\n\r\n"]],
    ["a path that climbs out", ["GET /v1/%2e%2e/a HTTP/1.1\r\nHost: plain.example.com\r\n\r\n"]],
    ["another host", [sound.replace("plain", "evil")]],
  ])("finds %s", (_name, received) => {
    expect(judgeBytes(received, allowed)).not.toEqual([]);
  });
});
