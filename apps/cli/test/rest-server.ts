import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll } from "vitest";

/** A server in the place of the fleet's, which the commands of this test file ask. */
export function restServer(answer: RequestListener): void {
  const server = createServer(answer);
  const before = { url: process.env.CREEL_URL, token: process.env.CREEL_TOKEN };
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    process.env.CREEL_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    process.env.CREEL_TOKEN = "creel_test";
  });
  afterAll(async () => {
    for (const [name, value] of [["CREEL_URL", before.url] as const, ["CREEL_TOKEN", before.token] as const])
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    await new Promise((resolve) => server.close(resolve));
  });
}
