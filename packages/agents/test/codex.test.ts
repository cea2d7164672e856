import { afterAll, beforeAll, expect, test } from "vitest";
import { agentInstalled, INSTALL_TIMEOUT_MS, installAgent } from "../src/index.ts";
import { type ModelServer, startModelServer } from "./model-server.ts";
import { projectRoot } from "./run-agent.ts";
import { expectTurn, TEST_TIMEOUT_MS } from "./turn.ts";

let server: ModelServer;
beforeAll(async () => {
  await installAgent(projectRoot, "codex", () => {});
  server = await startModelServer();
}, INSTALL_TIMEOUT_MS);
afterAll(() => server.close());

test("codex is installed whole, in the version its lock names", async () => {
  expect(await agentInstalled(projectRoot, "codex")).toBe(true);
});

test(
  "unmodified Codex works through two shell tool calls over openai-responses",
  () => expectTurn(server, "codex", "openai-responses"),
  TEST_TIMEOUT_MS,
);
