import type { JsonObject } from "../types.ts";
import { object } from "../wire/json.ts";
import type { Answer } from "./answer.ts";
import { pieces } from "./chunks.ts";

const toolCall = (call: NonNullable<Answer["turn"]["call"]>) => ({
  id: `call_${call.id}`,
  type: "function",
  function: { name: call.name, arguments: call.input },
});

const usageOf = ({ usage }: Answer) => ({
  prompt_tokens: usage.input,
  completion_tokens: usage.output,
  total_tokens: usage.input + usage.output,
});

const head = (answer: Answer, kind: string) => ({
  id: `chatcmpl-${answer.id}`,
  object: kind,
  created: answer.created,
  model: answer.model,
});

const finishReason = (answer: Answer): string => (answer.turn.call ? "tool_calls" : "stop");

/** https://platform.openai.com/docs/api-reference/chat/object */
export function chatCompletion(answer: Answer): JsonObject {
  const { turn } = answer;
  const calls = turn.call ? { tool_calls: [toolCall(turn.call)] } : {};
  const message = { role: "assistant", content: turn.text, refusal: null, ...calls };
  const choice = { index: 0, message, logprobs: null, finish_reason: finishReason(answer) };
  return { ...head(answer, "chat.completion"), choices: [choice], usage: usageOf(answer) };
}

/** https://platform.openai.com/docs/api-reference/chat/streaming */
export function* chatStream(answer: Answer, json: JsonObject): Generator<string> {
  const wantsUsage = object(json.stream_options).include_usage === true;
  const send = (choices: unknown[], usage: unknown = null): string => {
    const extra = wantsUsage ? { usage } : {};
    return `data: ${JSON.stringify({ ...head(answer, "chat.completion.chunk"), choices, ...extra })}\n\n`;
  };
  const delta = (value: unknown, finish: string | null = null) => [
    { index: 0, delta: value, logprobs: null, finish_reason: finish },
  ];

  yield send(delta({ role: "assistant", content: "" }));
  for (const content of pieces(answer.turn.text)) yield send(delta({ content }));
  if (answer.turn.call) {
    const first = toolCall(answer.turn.call);
    const open = { index: 0, ...first, function: { ...first.function, arguments: "" } };
    yield send(delta({ tool_calls: [open] }));
    for (const part of pieces(answer.turn.call.input)) {
      yield send(delta({ tool_calls: [{ index: 0, function: { arguments: part } }] }));
    }
  }
  yield send(delta({}, finishReason(answer)));
  if (wantsUsage) yield send([], usageOf(answer));
  yield "data: [DONE]\n\n";
}
