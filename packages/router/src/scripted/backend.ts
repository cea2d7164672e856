import { setImmediate as nextTick } from "node:timers/promises";
import { jsonAnswer, RouterError } from "../errors.ts";
import type { ModelAnswer, ModelBackend, ModelCall } from "../types.ts";
import type { Answer } from "./answer.ts";
import { estimateTokens } from "./chunks.ts";
import { readConversation } from "./conversation.ts";
import { nextTurn, SCRIPTED_MODEL_NAME, shortHash } from "./plan.ts";
import { renderers } from "./render.ts";

/** The model used when there is no other: it says so in its name, and only does what the prompt spells out. */
export function createScriptedModel({ now }: { now: () => Date }): ModelBackend {
  return {
    info: { provider: "creel", name: SCRIPTED_MODEL_NAME, scripted: true },
    models: [SCRIPTED_MODEL_NAME],
    protocols: ["openai-chat", "openai-responses", "anthropic-messages", "gemini"],
    call: async (call) => answerCall(call, now()),
    close: async () => {},
  };
}

function answerCall(call: ModelCall, now: Date): ModelAnswer {
  const { json, info } = call;
  const input = estimateTokens(call.request.body.length);
  info.inputTokens = input;
  if (call.operation === "count-tokens")
    return jsonAnswer(200, call.protocol === "gemini" ? { totalTokens: input } : { input_tokens: input });
  if (typeof json.previous_response_id === "string") {
    const message = `${SCRIPTED_MODEL_NAME} keeps no responses; send the whole conversation as \`input\`.`;
    throw new RouterError(400, "previous_response_not_found", message);
  }
  const turn = nextTurn(readConversation(call.protocol, json));
  const output = estimateTokens(Buffer.byteLength(turn.text + (turn.call?.input ?? "")));
  const created = Math.floor(now.getTime() / 1000);
  const answer: Answer = {
    id: shortHash(call.request.body),
    model: call.model,
    created,
    turn,
    usage: { input, output },
  };
  const renderer = renderers[call.protocol];
  info.outputTokens = output;
  if (!call.stream) return jsonAnswer(200, renderer.whole(answer, json));
  const headers = { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" };
  return { status: 200, headers, body: paced(renderer.stream(answer, json), call.request.signal) };
}

/** One event per turn of the event loop, so that a client sees chunks and an abort is noticed between two of them. */
async function* paced(events: Iterable<string>, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
  for (const event of events) {
    signal?.throwIfAborted();
    yield Buffer.from(event);
    await nextTick();
  }
}
