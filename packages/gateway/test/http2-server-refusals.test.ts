import { constants } from "node:http2";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ask2, createHttp2Upstream, type Http2Upstream, http2Through } from "./support/http2Client.ts";
import { createWorld, type World } from "./support/world.ts";

/** A server of HTTP/2 that takes a request back, or its whole connection: what it never began with may be asked again, once. */
const HOST = "api.example.com";
const POLICY = `version: 1
network_policies:
  api:
    endpoints: [{ host: ${HOST}, port: 443, protocol: rest, access: full }]
    binaries: [{ path: /usr/bin/curl }]
`;

let world: World;
let upstream: Http2Upstream;
/** Methods as they arrived. */
let asked: string[];
/** So many of the next requests are refused. */
let refusing: number;
/** The connection is taken back behind each answer. */
let leaving: boolean;
let connections: number;

beforeEach(async () => {
  asked = [];
  [refusing, leaving, connections] = [0, false, 0];
  upstream = await createHttp2Upstream(HOST, (server) => {
    server.on("session", () => {
      connections += 1;
    });
    server.on("stream", (stream, headers) => {
      stream.on("error", () => {});
      asked.push(String(headers[":method"]));
      if (refusing > 0) {
        refusing -= 1;
        return void stream.close(constants.NGHTTP2_REFUSED_STREAM);
      }
      stream.respond({ ":status": 200 });
      stream.end("ok");
      if (leaving) stream.session?.goaway(constants.NGHTTP2_NO_ERROR);
    });
  });
  world = await createWorld({
    yaml: POLICY,
    resolve: { [`${HOST}:443`]: `127.0.0.1:${upstream.port}` },
    upstreamCa: [upstream.caPem],
  });
});
afterEach(async () => {
  await world.close();
  await upstream.close();
});

const open = async () => http2Through(await world.door(HOST, 443), { host: HOST, ca: world.ca.certificatePem });
const request = (method: string) => ({ ":method": method, ":path": "/v1", ":authority": HOST });

describe("a request that its server refused", () => {
  it.each(["GET", "POST"])("is asked once more as %s without a body, under one line of the journal", async (method) => {
    refusing = 1;
    const session = await open();
    expect((await ask2(session, request(method))).status).toBe(200);
    expect(asked).toEqual([method, method]);
    expect(world.records).toHaveLength(1);
    session.destroy();
  });

  it("twice is the client's to repeat: it is told so in HTTP/2's own word", async () => {
    refusing = 10;
    const session = await open();
    const refused = "NGHTTP2_REFUSED_STREAM";
    await expect(ask2(session, request("GET"))).rejects.toThrow(refused);
    expect(asked).toEqual(["GET", "GET"]);
    session.destroy();
  });

  it("is not asked again when its body has gone", async () => {
    refusing = 1;
    const session = await open();
    const refused = "NGHTTP2_REFUSED_STREAM";
    await expect(ask2(session, request("POST"), "once")).rejects.toThrow(refused);
    expect(asked).toEqual(["POST"]);
    session.destroy();
  });
});

it("a server that takes its connection back is asked on another, and no request is lost or sent twice", async () => {
  leaving = true;
  const session = await open();
  for (let round = 0; round < 3; round += 1) expect((await ask2(session, request("POST"))).body).toBe("ok");
  expect(asked).toEqual(["POST", "POST", "POST"]);
  expect(connections).toBe(3);
  session.destroy();
});
