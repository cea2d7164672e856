import type { JsonObject } from "../types.ts";
import { list } from "../wire/json.ts";
import type { Answer } from "./answer.ts";
import { pieces } from "./chunks.ts";

type Status = "in_progress" | "completed";
type Call = NonNullable<Answer["turn"]["call"]>;

const messageItem = (answer: Answer, status: Status, content: unknown[]) => ({
  id: `msg_${answer.id}`,
  type: "message",
  status,
  role: "assistant",
  content,
});

const textPart = (text: string) => ({ type: "output_text", text, annotations: [], logprobs: [] });

function callItem(call: Call, status: Status, input: string): JsonObject {
  const common = { id: `fc_${call.id}`, call_id: `call_${call.id}`, status };
  if (call.kind === "custom") return { ...common, type: "custom_tool_call", name: call.name, input };
  if (call.kind === "function") return { ...common, type: "function_call", name: call.name, arguments: input };
  return { ...common, type: "local_shell_call", action: { type: "exec", command: JSON.parse(call.input), env: {} } };
}

const usageOf = ({ usage }: Answer) => ({
  input_tokens: usage.input,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: usage.output,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: usage.input + usage.output,
});

function envelope(answer: Answer, json: JsonObject, status: Status, output: unknown[]): JsonObject {
  return {
    id: `resp_${answer.id}`,
    object: "response",
    created_at: answer.created,
    status,
    error: null,
    incomplete_details: null,
    instructions: json.instructions ?? null,
    metadata: json.metadata ?? {},
    model: answer.model,
    output,
    parallel_tool_calls: false,
    temperature: null,
    tool_choice: json.tool_choice ?? "auto",
    tools: list(json.tools),
    top_p: null,
    usage: status === "completed" ? usageOf(answer) : null,
  };
}

function outputItems(answer: Answer): unknown[] {
  const { text, call } = answer.turn;
  const items: unknown[] = [messageItem(answer, "completed", [textPart(text)])];
  if (call) items.push(callItem(call, "completed", call.input));
  return items;
}

/** https://platform.openai.com/docs/api-reference/responses/object */
export const response = (answer: Answer, json: JsonObject): JsonObject =>
  envelope(answer, json, "completed", outputItems(answer));

/** https://platform.openai.com/docs/api-reference/responses-streaming; clients wait for `response.completed`. */
export function* responseStream(answer: Answer, json: JsonObject): Generator<string> {
  let sequence = 0;
  const send = (type: string, fields: JsonObject): string => {
    const data = { type, sequence_number: sequence, ...fields };
    sequence += 1;
    return `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
  };
  yield send("response.created", { response: envelope(answer, json, "in_progress", []) });
  yield send("response.in_progress", { response: envelope(answer, json, "in_progress", []) });
  yield* textEvents(answer, send);
  if (answer.turn.call) yield* callEvents(answer.turn.call, send);
  yield send("response.completed", { response: response(answer, json) });
}

type Send = (type: string, fields: JsonObject) => string;

function* textEvents(answer: Answer, send: Send): Generator<string> {
  const { text } = answer.turn;
  const at = { item_id: `msg_${answer.id}`, output_index: 0, content_index: 0 };
  yield send("response.output_item.added", { output_index: 0, item: messageItem(answer, "in_progress", []) });
  yield send("response.content_part.added", { ...at, part: textPart("") });
  for (const delta of pieces(text)) yield send("response.output_text.delta", { ...at, delta, logprobs: [] });
  yield send("response.output_text.done", { ...at, text, logprobs: [] });
  yield send("response.content_part.done", { ...at, part: textPart(text) });
  const item = messageItem(answer, "completed", [textPart(text)]);
  yield send("response.output_item.done", { output_index: 0, item });
}

function* callEvents(call: Call, send: Send): Generator<string> {
  const at = { item_id: `fc_${call.id}`, output_index: 1 };
  yield send("response.output_item.added", { output_index: 1, item: callItem(call, "in_progress", "") });
  if (call.kind === "function") {
    const name = "response.function_call_arguments";
    for (const delta of pieces(call.input)) yield send(`${name}.delta`, { ...at, delta });
    yield send(`${name}.done`, { ...at, name: call.name, arguments: call.input });
  }
  if (call.kind === "custom") {
    const name = "response.custom_tool_call_input";
    for (const delta of pieces(call.input)) yield send(`${name}.delta`, { ...at, delta });
    yield send(`${name}.done`, { ...at, input: call.input });
  }
  yield send("response.output_item.done", { output_index: 1, item: callItem(call, "completed", call.input) });
}
