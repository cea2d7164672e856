import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { resetSocket } from "../src/resetSocket.ts";
import { createThrottle, type Throttle } from "../src/throttle.ts";
import { throttleSocket } from "../src/throttledSocket.ts";
import { closed } from "./support/client.ts";
import { portOf } from "./support/world.ts";

let server: Server;
let client: Socket;
let accepted: Socket;
let throttle: Throttle;

beforeEach(async () => {
  throttle = createThrottle();
  server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  client = connect(portOf(server), "127.0.0.1");
  const [socket] = await once(server, "connection");
  accepted = throttleSocket(socket, throttle);
  accepted.on("error", () => {});
  client.on("error", () => {});
});
afterEach(() => {
  client.destroy();
  accepted.destroy();
  server.close();
});

describe("a throttled connection", () => {
  it("keeps the order of bytes that wait while others come", async () => {
    throttle.setRate(3_000_000);
    const sent = Buffer.from(Array.from({ length: 300_000 }, (_, at) => String(at)).join());
    client.end(sent);
    const chunks: Buffer[] = [];
    for await (const chunk of accepted) chunks.push(chunk);
    expect(Buffer.concat(chunks).equals(sent)).toBe(true);
  });

  it("still speaks when the other side has ended", async () => {
    client.end("question");
    accepted.resume();
    await once(accepted, "end");
    accepted.end("answer");
    expect(String((await once(client, "data"))[0])).toBe("answer");
    await closed(client);
  });

  it("passes a reset on, and an end of its own as an end", async () => {
    const error = once(client, "error");
    resetSocket(accepted);
    expect((await error)[0]).toMatchObject({ code: "ECONNRESET" });
    expect(accepted.destroyed).toBe(true);
  });

  it("is gone when the client went while bytes waited, once they have their turn", async () => {
    throttle.setRate(1);
    throttle.take(1_000_000);
    client.write("x".repeat(1000));
    accepted.write("y".repeat(1000));
    accepted.resume();
    client.resetAndDestroy();
    await closed(client);
    // Nobody reads from it before what waits has its turn; then it is seen.
    throttle.close();
    await closed(accepted);
    expect(accepted.destroyed).toBe(true);
  });
});
