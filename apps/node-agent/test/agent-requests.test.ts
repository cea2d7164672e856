import { randomUUID } from "node:crypto";
import { AGENT_REQUESTS_MAX, type AgentRequest, type AgentRequestAnswer, WS_FRAME_BYTES_MAX } from "@creel/protocol";
import { expect, test } from "vitest";
import { createAgentRequests } from "../src/agent-requests.ts";

/** As large as the schema lets one be: every letter is one that JSON writes with six. */
const request = (sandboxId: string): AgentRequest => ({
  id: randomUUID(),
  sandboxId,
  binary: `/${"\u0001".repeat(4095)}`,
  host: "api.example.com",
  port: 443,
  method: "GET",
  path: `/${"\u0001".repeat(2047)}`,
  reason: "\u0001".repeat(1000),
  again: true,
});

function world() {
  const sent: AgentRequest[][] = [];
  const told: AgentRequestAnswer[] = [];
  const requests = createAgentRequests({
    send: (some) => sent.push(some) > 0,
    onAnswers: (answers) => void told.push(...answers),
  });
  return { requests, sent, told };
}

test("a flood of one sandbox neither silences another nor makes a message that the hub would refuse", () => {
  const { requests, sent, told } = world();
  const [hostile, other] = [randomUUID(), randomUUID()];
  for (let at = 0; at < AGENT_REQUESTS_MAX + 50; at += 1) requests.ask(request(hostile));
  const asked = request(other);
  requests.ask(asked);
  expect(told).toHaveLength(51);
  expect(told.every(({ state }) => state === "over")).toBe(true);
  sent.length = 0;
  for (let beat = 0; beat < AGENT_REQUESTS_MAX; beat += 1) requests.send();
  expect(sent.flat().some(({ id }) => id === asked.id)).toBe(true);
  expect(new Set(sent.flat().map(({ id }) => id)).size).toBe(AGENT_REQUESTS_MAX);
  for (const some of sent)
    expect(Buffer.byteLength(JSON.stringify({ type: "agent_requests", requests: some }))).toBeLessThan(
      WS_FRAME_BYTES_MAX,
    );
});

test("what is answered is asked no more; what still waits is", () => {
  const { requests, sent } = world();
  const [one, two] = [request(randomUUID()), request(randomUUID())];
  requests.ask(one);
  requests.ask(two);
  requests.answered([
    { id: one.id, state: "denied", answer: "No." },
    { id: two.id, state: "waiting", answer: "" },
  ]);
  sent.length = 0;
  requests.send();
  expect(sent.flat().map(({ id }) => id)).toEqual([two.id]);
});

test("what is asked anew while the hub is out of reach is said to be asked anew once it is there, and no more after", () => {
  const sent: AgentRequest[] = [];
  let isUp = false;
  const requests = createAgentRequests({
    send: (some) => {
      if (isUp) sent.push(...some);
      return isUp;
    },
    onAnswers: () => {},
  });
  const asked = request(randomUUID());
  requests.ask(asked);
  requests.ask({ ...asked, again: false });
  isUp = true;
  requests.send();
  requests.send();
  requests.ask(asked);
  requests.send();
  expect(sent.map(({ again }) => again)).toEqual([true, false, true, false]);
});
