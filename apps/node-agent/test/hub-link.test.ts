import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { type NodeMessage, PROTOCOL_VERSION } from "@creel/protocol";
import { pino } from "pino";
import { afterAll, beforeAll, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import { createHubLink } from "../src/hub-link.ts";

let server: WebSocketServer;
const heard: string[] = [];
const welcome = {
  type: "welcome",
  protocol: PROTOCOL_VERSION,
  nodeId: randomUUID(),
  nodeName: "local",
  orgSlug: "acme",
};
beforeAll(async () => {
  server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  server.on("connection", (socket) =>
    socket.on("message", (data) => {
      heard.push(String(data));
      socket.send(JSON.stringify(welcome));
    }),
  );
  await once(server, "listening");
});
afterAll(() => void server.close());

it("says hello anew when what it said is not true any more, and only once for what it did not say yet", async () => {
  let name = "not known yet";
  const hello = (): NodeMessage => ({
    type: "hello",
    protocol: PROTOCOL_VERSION,
    agentVersion: "0.1.0",
    capabilities: { kernel: "test", arch: "x64", landlockAbi: 7, layers: [] },
    model: { provider: "creel", name, scripted: true },
    generation: 0,
  });
  const { port } = server.address() as AddressInfo;
  const identity = {
    ...{ nodeId: randomUUID(), nodeName: "local", orgSlug: "acme", hubUrl: `http://127.0.0.1:${port}` },
    ...{ enrolledAt: new Date(0).toISOString(), keyPem: "", certPem: "", caPem: "" },
  };
  let welcomes = 0;
  const link = createHubLink({
    identity: () => identity,
    log: pino({ level: "silent" }),
    hello,
    onWelcome: () => {
      welcomes += 1;
    },
    onMessage: () => undefined,
    onDown: () => undefined,
  });
  const names = () => heard.map((text) => JSON.parse(text).model.name);
  // Nothing was said yet, so the first hello holds what is true by then.
  name = "first";
  link.greetAgain();
  await expect.poll(() => welcomes).toBe(1);
  expect(names()).toEqual(["first"]);
  name = "second";
  link.greetAgain();
  await expect.poll(() => welcomes).toBe(2);
  expect(names()).toEqual(["first", "second"]);
  expect(link.connected).toBe(true);
  await link.close();
});
