import { afterAll, beforeAll, expect, test } from "vitest";
import { agentInstalled, INSTALL_TIMEOUT_MS, installAgent } from "../src/index.ts";
import { type ModelServer, startModelServer } from "./model-server.ts";
import { projectRoot } from "./run-agent.ts";
import { expectTurn, TEST_TIMEOUT_MS } from "./turn.ts";

let server: ModelServer;
beforeAll(async () => {
  await installAgent(projectRoot, "claude", () => {});
  server = await startModelServer();
}, INSTALL_TIMEOUT_MS);
afterAll(() => server.close());

test("claude is installed whole, in the version its lock names", async () => {
  expect(await agentInstalled(projectRoot, "claude")).toBe(true);
});

test(
  "unmodified Claude Code works through two shell tool calls over anthropic-messages",
  () => expectTurn(server, "claude", "anthropic-messages"),
  TEST_TIMEOUT_MS,
);
