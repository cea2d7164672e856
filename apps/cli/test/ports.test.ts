import { createServer, type Server } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { freePort } from "../../../packages/db/src/embedded/freePort.ts";
import { choosePort } from "../src/up/ports.ts";

const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});
const occupy = async (): Promise<number> => {
  const port = await freePort();
  const server = createServer();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return port;
};
const wish = {
  name: "dashboard",
  variable: "CREEL_WEB_PORT",
  explicit: null,
  previous: null,
  taken: new Set<number>(),
};

describe("choosing a port", () => {
  it("takes the next free one when the usual one is busy, and says so", async () => {
    const busy = await occupy();
    const { port, note } = await choosePort({ ...wish, usual: busy });
    expect(port).toBeGreaterThan(busy);
    expect(note).toContain(`port ${busy} is taken`);
  });

  it("never moves away from a port that was asked for: it names the setting and the remedy", async () => {
    const busy = await occupy();
    const choice = choosePort({ ...wish, explicit: busy, usual: 7400 });
    await expect(choice).rejects.toMatchObject({
      place: "CREEL_WEB_PORT",
      remedy: expect.stringContaining("free port"),
    });
  });

  it("keeps the port of the earlier start", async () => {
    const previous = await freePort();
    expect(await choosePort({ ...wish, previous, usual: 7400 })).toEqual({ port: previous, note: null });
  });

  it("gives no port away twice", async () => {
    const usual = await freePort();
    const { port } = await choosePort({ ...wish, usual, taken: new Set([usual]) });
    expect(port).not.toBe(usual);
  });
});
