import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterEach, expect, test, vi } from "vitest";
import { createHttpModel, createRouter, type HttpModelOptions } from "../src/index.ts";
import { type Served, serve } from "./serve.ts";
import { startUpstream, type Upstream } from "./upstream.ts";

const KEY = "sk-real-0123456789-SECRET";
const CALLER_KEY = "caller-placeholder-key";
const now = () => new Date();
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

type Answer = Parameters<typeof startUpstream>[0];

async function setUp(
  answer: Answer,
  change: Partial<HttpModelOptions> = {},
): Promise<{ upstream: Upstream; served: Served }> {
  const upstream = await startUpstream(answer);
  cleanups.push(upstream.close);
  const model = createHttpModel({
    provider: "test",
    kind: "openai",
    baseUrl: `${upstream.url}/base/v1`,
    models: ["real-model"],
    protocols: ["openai-chat", "openai-responses"],
    credential: () => KEY,
    ...change,
  });
  const router = createRouter({ models: [model], now });
  const served = await serve(router);
  cleanups.push(served.close, router.close);
  return { upstream, served };
}

const anthropicSide = { kind: "anthropic", protocols: ["anthropic-messages"] } as const;

function sse(response: ServerResponse): (data: unknown) => void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  return (data) => response.write(`data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`);
}

const errorOf = (value: unknown): object =>
  typeof value === "object" && value !== null && "error" in value && value.error instanceof Object ? value.error : {};
const post = (served: Served, body: unknown, headers: Record<string, string> = {}, path = "/v1/chat/completions") =>
  fetch(served.url + path, {
    method: "POST",
    headers: { authorization: `Bearer ${CALLER_KEY}`, ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
const chat = (extra: object = {}) => ({ model: "real-model", messages: [{ role: "user", content: "hi" }], ...extra });
function json(response: ServerResponse, value: unknown): unknown {
  response.writeHead(200, { "content-type": "application/json" });
  return response.end(JSON.stringify(value));
}
const done = (response: ServerResponse) =>
  json(response, { choices: [], usage: { prompt_tokens: 7, completion_tokens: 9 } });

test("the caller's credentials and private headers stay here, the provider's key goes out, the body goes unchanged", async () => {
  const { upstream, served } = await setUp(done);
  const body = `{ "model" : "real-model",  "messages":[], "chat_template_kwargs": {"x": 1.0e0} }`;
  const headers = {
    "x-api-key": CALLER_KEY,
    "x-goog-api-key": CALLER_KEY,
    cookie: `session=${CALLER_KEY}`,
    "proxy-authorization": CALLER_KEY,
    "openai-organization": "org-of-the-caller",
    "openai-beta": "passes",
  };
  const response = await post(served, body, headers, "/v1/chat/completions?beta=true");
  expect(response.status).toBe(200);
  const [seen] = upstream.seen;
  expect(seen?.url).toBe("/base/v1/chat/completions?beta=true");
  expect(seen?.body).toBe(body);
  expect(seen?.headers.authorization).toBe(`Bearer ${KEY}`);
  expect(seen?.headers["openai-beta"]).toBe("passes");
  expect(JSON.stringify(seen?.headers)).not.toContain(CALLER_KEY);
  expect(JSON.stringify(seen?.headers)).not.toContain("org-of-the-caller");
  await response.text();
  expect(served.infos[0]).toMatchObject({ model: "real-model", inputTokens: 7, outputTokens: 9 });
});

test("attack: a provider that echoes the key in headers, body and across chunk borders does not reveal it", async () => {
  const { served } = await setUp(async (response) => {
    response.writeHead(400, { "content-type": "application/json", "x-request-id": `id-${KEY}`, "set-cookie": KEY });
    response.write(`{"error":"whole ${KEY}, `);
    for (const character of `bytewise ${KEY} and ${KEY.slice(0, 9)}`) {
      response.write(character);
      await delay(1);
    }
    response.end(`"}`);
  });
  const response = await post(served, chat());
  const text = await response.text();
  expect(response.status).toBe(400);
  expect(text).not.toContain(KEY);
  expect(text).toBe(`{"error":"whole [credential removed], bytewise [credential removed] and ${KEY.slice(0, 9)}"}`);
  expect(JSON.stringify([...response.headers])).not.toContain(KEY);
  expect(response.headers.get("x-request-id")).toBe("id-[credential removed]");
});

test("a provider's refusal of the key is ours to report, without the provider's words about it", async () => {
  const { upstream, served } = await setUp((response) => {
    response.writeHead(401, { "content-type": "application/json" });
    response.end(JSON.stringify({ error: { message: `Incorrect API key provided: sk-re****${KEY.slice(-4)}` } }));
  });
  const openai = new OpenAI({ baseURL: `${served.url}/v1`, apiKey: CALLER_KEY });
  const error = await openai.chat.completions.create({ model: "real-model", messages: [] }).catch((caught) => caught);
  expect(error).toMatchObject({ status: 502, code: "upstream_refused_credential" });
  expect(String(error.message)).not.toContain(KEY.slice(-4));
  expect(upstream.seen).toHaveLength(1);
});

test("a slow stream is handed on event by event, not when it has ended", async () => {
  let release = () => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { served } = await setUp(async (response) => {
    const send = sse(response);
    send({ choices: [{ index: 0, delta: { content: "first" } }] });
    await gate;
    send({ choices: [{ index: 0, delta: { content: "second" } }] });
    send({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } });
    send("[DONE]");
    response.end();
  });
  const openai = new OpenAI({ baseURL: `${served.url}/v1`, apiKey: CALLER_KEY });
  const stream = await openai.chat.completions.create({ model: "real-model", messages: [], stream: true });
  const words: string[] = [];
  for await (const chunk of stream) {
    const word = chunk.choices[0]?.delta.content;
    if (word) words.push(word);
    // The upstream writes its second word only after the first one has come through.
    if (word === "first") release();
  }
  expect(words).toEqual(["first", "second"]);
  expect(served.infos[0]).toMatchObject({ inputTokens: 3, outputTokens: 2 });
});

test("a client that goes away stops the provider, in mid-stream and before the first byte", async () => {
  const { upstream, served } = await setUp((response, seen) => {
    if (JSON.parse(seen.body).stream) sse(response)({ choices: [{ index: 0, delta: { content: "x" } }] });
  });
  const client = new AbortController();
  const openai = new OpenAI({ baseURL: `${served.url}/v1`, apiKey: CALLER_KEY, maxRetries: 0 });
  const stream = await openai.chat.completions.create(
    { model: "real-model", messages: [], stream: true },
    { signal: client.signal },
  );
  for await (const _chunk of stream) client.abort();
  await vi.waitFor(() => expect(upstream.aborted).toBe(1), 15_000);

  const waiting = new AbortController();
  const call = openai.chat.completions.create({ model: "real-model", messages: [] }, { signal: waiting.signal });
  await vi.waitFor(() => expect(upstream.seen).toHaveLength(2), 15_000);
  waiting.abort();
  await expect(call).rejects.toThrow();
  await vi.waitFor(() => expect(upstream.aborted).toBe(2), 15_000);
});

test("a provider that drops the connection in mid-stream breaks the client's stream too: never a clean end", async () => {
  let drop = () => {};
  const { served } = await setUp((response) => {
    sse(response)({ choices: [{ index: 0, delta: { content: "half" } }] });
    drop = () => void response.destroy();
  });
  const response = await post(served, chat({ stream: true }));
  drop();
  await expect(response.text()).rejects.toThrow();
});

test("a reader that stops reading stops the provider: what lies in between is bounded", async () => {
  const chunk = Buffer.alloc(64 * 1024, "x");
  const total = 1600;
  let written = 0;
  const { upstream } = await setUp(async (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (; written < total; written += 1) if (!response.write(chunk)) await once(response, "drain");
    response.end();
  });
  const model = createHttpModel({
    provider: "test",
    kind: "openai",
    baseUrl: upstream.url,
    models: ["real-model"],
    protocols: ["openai-chat"],
    credential: () => null,
  });
  const router = createRouter({ models: [model], now });
  cleanups.push(router.close);
  const request = {
    method: "POST",
    path: "/v1/chat/completions",
    headers: {},
    body: Buffer.from(JSON.stringify(chat())),
  };
  const { body } = await router.handle(request);
  if (Buffer.isBuffer(body)) throw new Error("expected a stream");
  let before = -1;
  // Until the writer stands still, whatever the kernel's socket buffers hold.
  while (before !== written) {
    before = written;
    await delay(200);
  }
  expect(written).toBeLessThan(total / 2);
  let bytes = 0;
  for await (const part of body) bytes += part.length;
  expect(bytes).toBe(total * chunk.length);
});

test("anthropic: streamed tool input, thinking signatures and beta flags pass unchanged, usage is read", async () => {
  const events = [
    [
      "message_start",
      {
        message: {
          id: "m",
          type: "message",
          role: "assistant",
          content: [],
          usage: { input_tokens: 11, output_tokens: 1 },
        },
      },
    ],
    ["content_block_start", { index: 0, content_block: { type: "thinking", thinking: "", signature: "" } }],
    ["content_block_delta", { index: 0, delta: { type: "thinking_delta", thinking: "hm" } }],
    ["content_block_delta", { index: 0, delta: { type: "signature_delta", signature: "c2ln" } }],
    ["content_block_stop", { index: 0 }],
    ["content_block_start", { index: 1, content_block: { type: "tool_use", id: "t", name: "Bash", input: {} } }],
    ["content_block_delta", { index: 1, delta: { type: "input_json_delta", partial_json: '{"command":' } }],
    ["content_block_delta", { index: 1, delta: { type: "input_json_delta", partial_json: '"id"}' } }],
    ["content_block_stop", { index: 1 }],
    ["message_delta", { delta: { stop_reason: "tool_use", stop_sequence: null }, usage: { output_tokens: 42 } }],
    ["message_stop", {}],
  ] as const;
  const { upstream, served } = await setUp((response, seen) => {
    if (seen.url.includes("count_tokens")) return json(response, { input_tokens: 5 });
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const [type, fields] of events)
      response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`);
    response.end();
  }, anthropicSide);
  const anthropic = new Anthropic({ baseURL: served.url, apiKey: CALLER_KEY });
  const request = { model: "real-model", max_tokens: 10, messages: [{ role: "user" as const, content: "x" }] };
  const options = { headers: { "anthropic-beta": "some-beta-2026" } };
  const message = await anthropic.messages.stream(request, options).finalMessage();
  expect(message.content).toMatchObject([
    { type: "thinking", thinking: "hm", signature: "c2ln" },
    { type: "tool_use", input: { command: "id" } },
  ]);
  expect(served.infos[0]).toMatchObject({ inputTokens: 11, outputTokens: 42 });
  expect(upstream.seen[0]?.headers).toMatchObject({ "x-api-key": KEY, "anthropic-beta": "some-beta-2026" });
  expect(upstream.seen[0]?.headers.authorization).toBeUndefined();
  expect((await anthropic.messages.countTokens(request)).input_tokens).toBe(5);
  expect(upstream.seen[1]?.url).toBe("/base/v1/messages/count_tokens");
});

test("a provider's own errors keep their status, shape and retry-after", async () => {
  const { served } = await setUp((response) => {
    response.writeHead(429, { "content-type": "application/json", "retry-after": "7" });
    response.end(JSON.stringify({ type: "error", error: { type: "rate_limit_error", message: "slow down" } }));
  }, anthropicSide);
  const anthropic = new Anthropic({ baseURL: served.url, apiKey: CALLER_KEY, maxRetries: 0 });
  const error = await anthropic.messages
    .create({ model: "real-model", max_tokens: 1, messages: [] })
    .catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(Anthropic.RateLimitError);
  expect(error).toMatchObject({ error: { error: { message: "slow down" } } });
});

test("redirects and unasked compression are refused, an unreachable provider is a 502 without its address", async () => {
  const refused = async (answer: Answer) => {
    const { served } = await setUp(answer);
    const response = await post(served, chat());
    return { status: response.status, ...errorOf(await response.json()) };
  };
  expect(
    await refused((response) => response.writeHead(307, { location: "https://evil.example" }).end()),
  ).toMatchObject({
    status: 502,
    code: "upstream_redirect",
  });
  expect(await refused((response) => response.writeHead(200, { "content-encoding": "gzip" }).end("x"))).toMatchObject({
    status: 502,
    code: "upstream_encoding",
  });
  const { upstream, served } = await setUp(done);
  await upstream.close();
  cleanups.splice(cleanups.indexOf(upstream.close), 1);
  const response = await post(served, chat());
  const text = await response.text();
  expect(response.status).toBe(502);
  expect(text).toContain("upstream_unreachable");
  expect(text).not.toContain("127.0.0.1");
});

test("a request in a protocol the model is not served over is a 400 that names both", async () => {
  const { upstream, served } = await setUp(done);
  const anthropic = new Anthropic({ baseURL: served.url, apiKey: CALLER_KEY });
  const error = await anthropic.messages
    .create({ model: "real-model", max_tokens: 1, messages: [] })
    .catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(Anthropic.BadRequestError);
  expect(String(error)).toMatch(/No compatible route.*Anthropic messages.*OpenAI chat completions/);
  expect(upstream.seen).toHaveLength(0);
});

test("a key is never sent in the clear to another host", () => {
  const make = (baseUrl: string) => () =>
    createHttpModel({ provider: "p", kind: "openai", baseUrl, models: ["m"], protocols: [], credential: () => KEY });
  for (const url of ["http://provider.example/v1", "http://10.0.0.1/v1", "ftp://x", "nonsense"]) {
    expect(make(url)).toThrow(/must be https/);
  }
});
