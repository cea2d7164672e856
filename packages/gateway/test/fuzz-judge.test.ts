import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { ALLOWED, FORBIDDEN, HOSTS } from "../fuzz/secure/hosts.ts";
import { isForbidden, judgeArrived, keyOf } from "../fuzz/secure/judge.ts";
import { type Arrived, nothingArrived } from "../fuzz/secure/upstream.ts";

/** The fuzzer is worth what its judge sees: every kind of fault that it looks for is shown to it here once. */
const [HOST = ""] = HOSTS;
const rpc = (method: string) => JSON.stringify({ jsonrpc: "2.0", id: 1, method });

interface Told {
  method?: string;
  target?: string;
  more?: string;
  body?: string;
  host?: string;
}
const http1 = ({ method = "GET", target = "/v1/a", more = "", body = "", host = HOST }: Told): Arrived => ({
  ...nothingArrived(),
  connections: [
    {
      host: HOST,
      bytes: `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n${more}${body === "" ? "" : `Content-Length: ${body.length}\r\n`}\r\n${body}`,
    },
  ],
});
const allowing = (method = "GET", target = "/v1/a", times = 1) =>
  new Map([[keyOf({ method, host: HOST, target }), times]]);
const judge = (told: Told, allowed = allowing(told.method, told.target)) => judgeArrived(http1(told), allowed);

describe("the judge of the fuzzer", () => {
  it("has nothing to say of what was allowed", () => {
    expect(judge({})).toEqual([]);
    expect(judge({ method: "POST", target: "/rpc", body: rpc(ALLOWED.rpc) })).toEqual([]);
  });

  it.each<[string, string, Told]>([
    ["a path that nobody allows", "nobody allows it", { target: "/admin" }],
    ["a path that a careless server reads as another", "nobody allows it", { target: "/v1/../admin" }],
    ["a method that nobody allows", "nobody allows it", { method: "DELETE" }],
    ["another host", "another host", { host: "evil.example.com" }],
    ["a header of one hop", "a header of one hop", { more: "Proxy-Authorization: x\r\n" }],
    ["a forbidden call", "a body that nobody allows", { method: "POST", target: "/rpc", body: rpc(FORBIDDEN.rpc) }],
    ["a forbidden query", "a query that nobody allows", { target: `/graphql?query={${FORBIDDEN.field}}` }],
  ])("sees %s", (_what, fault, told) => {
    expect(judge(told).join()).toContain(fault);
  });

  it("sees what was sent and never allowed, or more often than allowed; a GET may be sent once more", () => {
    expect(judge({}, new Map()).join()).toContain("sent 1 times, allowed 0 times");
    const [once] = http1({}).connections;
    if (once === undefined) throw new Error("no connection");
    const times = (count: number): Arrived => ({ ...nothingArrived(), connections: Array(count).fill(once) });
    expect(judgeArrived(times(2), allowing())).toEqual([]);
    expect(judgeArrived(times(3), allowing()).join()).toContain("sent 3 times");
  });

  it("sees a forbidden word in every encoding that some server reads", () => {
    const text = rpc(FORBIDDEN.rpc);
    const escaped = text.replace("d", "\\u0064");
    for (const bytes of [
      Buffer.from(text),
      Buffer.from(text, "utf16le"),
      Buffer.from(text, "utf16le").swap16(),
      gzipSync(text),
      Buffer.from(escaped),
      Buffer.from(encodeURIComponent(text)),
      Buffer.from(text.toUpperCase()),
    ])
      expect(isForbidden(bytes), bytes.toString("latin1")).toBe(true);
    expect(isForbidden(Buffer.from(rpc(ALLOWED.rpc)))).toBe(false);
  });

  it("sees a message in two frames, an unmasked one and words in a control frame", () => {
    const masked = (opcode: number, text: string) =>
      Buffer.concat([Buffer.from([opcode, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);
    const faults = (...frames: Buffer[]) =>
      judgeArrived({ ...nothingArrived(), webSockets: [Buffer.concat(frames)] }, new Map()).join();
    const message = JSON.stringify({ query: `{${FORBIDDEN.field}}` });
    expect(faults(masked(0x01, message.slice(0, 12)), masked(0x80, message.slice(12)))).toContain("nobody allows");
    expect(faults(Buffer.from([0x81, 0x01, 0x61]))).toContain("unmasked");
    expect(faults(masked(0x89, '"hi"'))).toContain("control frame");
    expect(faults(masked(0x81, "hello"))).toBe("");
  });
});
