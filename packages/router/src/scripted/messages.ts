import type { JsonObject } from "../types.ts";
import type { Answer } from "./answer.ts";
import { pieces } from "./chunks.ts";

const stopReason = (answer: Answer): string => (answer.turn.call ? "tool_use" : "end_turn");

const usageOf = (answer: Answer, output: number) => ({
  input_tokens: answer.usage.input,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  output_tokens: output,
});

const head = (answer: Answer) => ({
  id: `msg_${answer.id}`,
  type: "message",
  role: "assistant",
  model: answer.model,
});

/** https://docs.anthropic.com/en/api/messages */
export function message(answer: Answer): JsonObject {
  const { text, call } = answer.turn;
  const content: unknown[] = [{ type: "text", text }];
  if (call) content.push({ type: "tool_use", id: `toolu_${call.id}`, name: call.name, input: JSON.parse(call.input) });
  const usage = usageOf(answer, answer.usage.output);
  return { ...head(answer), content, stop_reason: stopReason(answer), stop_sequence: null, usage };
}

/** https://docs.anthropic.com/en/docs/build-with-claude/streaming */
export function* messageStream(answer: Answer): Generator<string> {
  const { text, call } = answer.turn;
  const send = (type: string, fields: JsonObject): string =>
    `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
  const delta = (index: number, value: unknown): string => send("content_block_delta", { index, delta: value });

  const empty = { content: [], stop_reason: null, stop_sequence: null, usage: usageOf(answer, 1) };
  yield send("message_start", { message: { ...head(answer), ...empty } });
  yield send("content_block_start", { index: 0, content_block: { type: "text", text: "" } });
  yield send("ping", {});
  for (const part of pieces(text)) yield delta(0, { type: "text_delta", text: part });
  yield send("content_block_stop", { index: 0 });
  if (call) {
    const block = { type: "tool_use", id: `toolu_${call.id}`, name: call.name, input: {} };
    yield send("content_block_start", { index: 1, content_block: block });
    for (const part of ["", ...pieces(call.input)]) {
      yield delta(1, { type: "input_json_delta", partial_json: part });
    }
    yield send("content_block_stop", { index: 1 });
  }
  const ending = { stop_reason: stopReason(answer), stop_sequence: null };
  yield send("message_delta", { delta: ending, usage: { output_tokens: answer.usage.output } });
  yield send("message_stop", {});
}
