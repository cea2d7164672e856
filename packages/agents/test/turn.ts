import { SCRIPTED_MODEL_NAME } from "@creel/router";
import { expect } from "vitest";
import type { AgentId, ModelProtocol } from "../src/index.ts";
import type { ModelServer } from "./model-server.ts";
import { PLACEHOLDER, runAgent } from "./run-agent.ts";

/** An agent's start, two tool calls and its end take 2 to 5 s alone on one core; a busy machine is many times slower. */
const TURN_TIMEOUT_MS = 240_000;
export const TEST_TIMEOUT_MS = TURN_TIMEOUT_MS + 10_000;

/**
 * The second command reads what the first one wrote, and neither holds what it prints: only a shell that really ran both can answer. No
 * substitution, which some agents refuse, and no command so fast that an agent misses its output.
 */
const PROMPT = `Please run these and report.

\`\`\`sh
printf "kept-%d" 42 > note.txt; sleep 0.4; printf "FIRST-%d" 42; sleep 0.4
sleep 0.4; sed "s/^/SECOND-/" note.txt; sleep 0.4
\`\`\`
`;

/** One task with two real shell tool calls by the unmodified agent, checked from both ends. */
export async function expectTurn(server: ModelServer, id: AgentId, protocol: ModelProtocol): Promise<void> {
  server.requests.length = 0;
  const model = { name: SCRIPTED_MODEL_NAME, protocols: [protocol] };
  const run = await runAgent({ id, server, model, prompt: PROMPT, timeoutMs: TURN_TIMEOUT_MS });
  const story = JSON.stringify(
    { ...run, requests: server.requests.map(({ line, status }) => `${status} ${line}`) },
    null,
    1,
  );
  expect(run.exitCode, story).toBe(0);
  expect(run.stdout, story).toContain("2 of 2 commands");
  expect(run.stdout, story).toContain("FIRST-42");
  expect(run.stdout, story).toContain("SECOND-kept-42");
  const last = server.requests.at(-1);
  expect(last?.body, story).toContain("SECOND-kept-42");
  const paths: Record<ModelProtocol, string> = {
    "openai-chat": "POST /v1/chat/completions",
    "openai-responses": "POST /v1/responses",
    "anthropic-messages": "POST /v1/messages",
    gemini: "POST /v1beta/models/",
  };
  expect(last?.line, story).toContain(paths[protocol]);
  expect(
    server.requests.map(({ status }) => status).filter((status) => status !== 200),
    story,
  ).toEqual([]);
  for (const { credential } of server.requests.filter(({ credential }) => credential !== "")) {
    expect([PLACEHOLDER, `Bearer ${PLACEHOLDER}`]).toContain(credential);
  }
}
