import { afterAll, beforeAll, expect, test } from "vitest";
import { agentInstalled, agentPlugins, INSTALL_TIMEOUT_MS, installAgent } from "../src/index.ts";
import { type ModelServer, startModelServer } from "./model-server.ts";
import { projectRoot } from "./run-agent.ts";
import { expectTurn, TEST_TIMEOUT_MS } from "./turn.ts";

let server: ModelServer;
beforeAll(async () => {
  await installAgent(projectRoot, "pi", () => {});
  server = await startModelServer();
}, INSTALL_TIMEOUT_MS);
afterAll(() => server.close());

test("pi is installed whole, in the version its lock names", async () => {
  expect(await agentInstalled(projectRoot, "pi")).toBe(true);
});

for (const protocol of agentPlugins.pi.speaks) {
  test(
    `unmodified pi works through two shell tool calls over ${protocol}`,
    () => expectTurn(server, "pi", protocol),
    TEST_TIMEOUT_MS,
  );
}
