import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createRouter, createScriptedModel, SCRIPTED_MODEL_NAME as model } from "../src/index.ts";
import { type Served, serve } from "./serve.ts";

const PROMPT = "Please look around.\n\n```sh\nid -u\necho 'größe 😀 \"quoted\"'\n```\n";
const COMMANDS = ["id -u", "echo 'größe 😀 \"quoted\"'"];
const schema = { type: "object" as const, properties: { command: { type: "string" } }, required: ["command"] };

let served: Served;
let openai: OpenAI;
let anthropic: Anthropic;

beforeAll(async () => {
  const now = () => new Date("2026-01-02T03:04:05Z");
  served = await serve(createRouter({ models: [createScriptedModel({ now })], now }));
  openai = new OpenAI({ baseURL: `${served.url}/v1`, apiKey: "placeholder" });
  anthropic = new Anthropic({ baseURL: served.url, apiKey: "placeholder" });
});
afterAll(() => served.close());

const chatTools: OpenAI.ChatCompletionTool[] = [
  { type: "function", function: { name: "read", parameters: { type: "object", properties: { path: {} } } } },
  { type: "function", function: { name: "bash", parameters: schema } },
];

test("openai chat: a loop over both commands ends with a summary, streamed and not", async () => {
  for (const stream of [false, true]) {
    const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: "user", content: PROMPT }];
    const ran: string[] = [];
    for (let turn = 0; turn < 3; turn += 1) {
      const completion = stream
        ? await openai.chat.completions.stream({ model, messages, tools: chatTools }).finalChatCompletion()
        : await openai.chat.completions.create({ model, messages, tools: chatTools });
      const choice = completion.choices[0];
      if (!choice) throw new Error("no choice");
      messages.push(choice.message);
      if (choice.finish_reason === "stop") {
        expect(choice.message.content).toContain("2 of 2 commands");
        expect(choice.message.content).toContain("output 1");
      }
      for (const call of choice.message.tool_calls ?? []) {
        if (call.type !== "function") throw new Error("unexpected tool type");
        expect(call.function.name).toBe("bash");
        ran.push(JSON.parse(call.function.arguments).command);
        messages.push({ role: "tool", tool_call_id: call.id, content: `output ${turn}` });
      }
    }
    expect(ran).toEqual(COMMANDS);
  }
});

test("openai chat: a stream sends usage in a last chunk without choices when asked", async () => {
  const body = { model, messages: [{ role: "user" as const, content: "hello" }] };
  const stream = await openai.chat.completions.create({
    ...body,
    stream: true,
    stream_options: { include_usage: true },
  });
  let chunks = 0;
  let last: OpenAI.ChatCompletionChunk | undefined;
  for await (const chunk of stream) {
    last = chunk;
    chunks += 1;
  }
  expect(chunks).toBeGreaterThan(5);
  expect(last?.choices).toEqual([]);
  expect(last?.usage?.total_tokens).toBeGreaterThan(0);
  expect(served.infos.at(-1)).toMatchObject({ protocol: "openai-chat", model, inputTokens: expect.any(Number) });
});

test("openai responses: a loop over both commands, streamed events reach response.completed", async () => {
  const tools: OpenAI.Responses.Tool[] = [
    {
      type: "function",
      name: "exec_command",
      parameters: { ...schema, properties: { cmd: { type: "string" } } },
      strict: false,
    },
  ];
  for (const stream of [false, true]) {
    const input: OpenAI.Responses.ResponseInput = [{ role: "user", content: [{ type: "input_text", text: PROMPT }] }];
    const ran: string[] = [];
    let final = "";
    for (let turn = 0; turn < 3; turn += 1) {
      const response = stream
        ? await openai.responses.stream({ model, input, tools }).finalResponse()
        : await openai.responses.create({ model, input, tools });
      expect(response.status).toBe("completed");
      expect(response.usage?.total_tokens).toBeGreaterThan(0);
      for (const item of response.output) {
        if (item.type === "message") final = item.content.map((part) => ("text" in part ? part.text : "")).join("");
        if (item.type !== "function_call") continue;
        ran.push(JSON.parse(item.arguments).cmd);
        input.push(item, { type: "function_call_output", call_id: item.call_id, output: `output ${turn}` });
      }
    }
    expect(ran).toEqual(COMMANDS);
    expect(final).toContain("2 of 2 commands");
  }
});

test("openai responses: events come in the order the protocol names, numbered without gaps", async () => {
  const tools: OpenAI.Responses.Tool[] = [{ type: "function", name: "shell", parameters: schema, strict: false }];
  const types: string[] = [];
  const stream = await openai.responses.create({ model, input: PROMPT, tools, stream: true });
  for await (const event of stream) {
    expect(event.sequence_number).toBe(types.length);
    types.push(event.type);
  }
  const distinct = types.filter((type, index) => type !== types[index - 1]);
  expect(distinct.map((type) => type.replace("response.", ""))).toEqual([
    "created",
    "in_progress",
    "output_item.added",
    "content_part.added",
    "output_text.delta",
    "output_text.done",
    "content_part.done",
    "output_item.done",
    "output_item.added",
    "function_call_arguments.delta",
    "function_call_arguments.done",
    "output_item.done",
    "completed",
  ]);
});

test("anthropic messages: a loop over both commands, streamed and not, with stop reasons and usage", async () => {
  const tools: Anthropic.Tool[] = [{ name: "Bash", input_schema: schema }];
  for (const stream of [false, true]) {
    const messages: Anthropic.MessageParam[] = [
      {
        role: "user",
        content: [
          { type: "text", text: "<system-reminder>x</system-reminder>" },
          { type: "text", text: PROMPT },
        ],
      },
    ];
    const ran: unknown[] = [];
    const stops: unknown[] = [];
    for (let turn = 0; turn < 3; turn += 1) {
      const request = { model, max_tokens: 1000, messages, tools };
      const message = stream
        ? await anthropic.messages.stream(request).finalMessage()
        : await anthropic.messages.create(request);
      stops.push(message.stop_reason);
      expect(message.usage.output_tokens).toBeGreaterThan(0);
      messages.push({ role: "assistant", content: message.content });
      const results = message.content.flatMap((block): Anthropic.ToolResultBlockParam[] => {
        if (block.type !== "tool_use") return [];
        ran.push(block.input);
        return [{ type: "tool_result", tool_use_id: block.id, content: [{ type: "text", text: `output ${turn}` }] }];
      });
      if (results.length > 0) messages.push({ role: "user", content: results });
    }
    expect(ran).toEqual(COMMANDS.map((command) => ({ command })));
    expect(stops).toEqual(["tool_use", "tool_use", "end_turn"]);
  }
});

test("anthropic: models are listed and tokens counted for the official client", async () => {
  const page = await anthropic.models.list();
  expect(page.data.map(({ id }) => id)).toEqual([model]);
  const counted = await anthropic.messages.countTokens({ model, messages: [{ role: "user", content: "hello" }] });
  expect(counted.input_tokens).toBeGreaterThan(0);
});

test("openai: models are listed, and an unknown model is the client's NotFoundError", async () => {
  const page = await openai.models.list();
  expect(page.data.map(({ id }) => id)).toEqual([model]);
  const call = openai.chat.completions.create({ model: "gpt-x", messages: [] });
  await expect(call).rejects.toMatchObject({ status: 404, code: "model_not_found" });
});

test("the same request gets the same answer byte for byte", async () => {
  const body = JSON.stringify({ model, messages: [{ role: "user", content: PROMPT }], tools: chatTools, stream: true });
  const ask = async () => (await fetch(`${served.url}/v1/chat/completions`, { method: "POST", body })).text();
  expect(await ask()).toBe(await ask());
});
