/** Google's service over its own protocol and over OpenAI's. */
import { GoogleGenAI } from "@google/genai";
import { afterEach, expect, test } from "vitest";
import { createHttpModel, createRouter } from "../src/index.ts";
import { type Served, serve } from "./serve.ts";
import { startUpstream, type Upstream } from "./upstream.ts";

const KEY = "real-key-0123456789-SECRET";
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function setUp(): Promise<{ upstream: Upstream; served: Served }> {
  const upstream = await startUpstream((response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const usageMetadata = { promptTokenCount: 7, candidatesTokenCount: 2 };
    const candidates = [{ content: { role: "model", parts: [{ text: `the key is ${KEY}` }] }, finishReason: "STOP" }];
    response.end(`data: ${JSON.stringify({ candidates, usageMetadata })}\r\n\r\n`);
  });
  const model = createHttpModel({
    provider: "gemini",
    kind: "gemini",
    baseUrl: `${upstream.url}/v1beta`,
    models: ["gemini-x"],
    protocols: ["gemini", "openai-chat"],
    credential: () => KEY,
  });
  const router = createRouter({ models: [model], now: () => new Date() });
  const served = await serve(router);
  cleanups.push(upstream.close, router.close, served.close);
  return { upstream, served };
}

test("a stream reaches the model with the node's key, and the key does not come back", async () => {
  const { upstream, served } = await setUp();
  const client = new GoogleGenAI({ apiKey: "placeholder", httpOptions: { baseUrl: served.url } });
  let said = "";
  for await (const part of await client.models.generateContentStream({ model: "gemini-x", contents: "hi" }))
    said += part.text ?? "";
  expect(said).toMatch(/^the key is /);
  expect(said).not.toContain(KEY);
  expect(upstream.seen[0]).toMatchObject({
    method: "POST",
    url: "/v1beta/models/gemini-x:streamGenerateContent?alt=sse",
  });
  expect(upstream.seen[0]?.headers["x-goog-api-key"]).toBe(KEY);
  expect(served.infos[0]).toMatchObject({ model: "gemini-x", inputTokens: 7, outputTokens: 2 });
});

test.each(["key=stolen", "KEY=stolen&alt=sse", "alt=sse&%6bey=stolen&key"])(
  "a key of the caller's in the query stays here: %s",
  async (query) => {
    const { upstream, served } = await setUp();
    await fetch(`${served.url}/v1beta/models/gemini-x:generateContent?${query}`, { method: "POST", body: "{}" });
    expect(upstream.seen[0]?.url).toBe(
      `/v1beta/models/gemini-x:generateContent${query.includes("alt") ? "?alt=sse" : ""}`,
    );
  },
);

test("OpenAI's protocol goes to the folder where Google serves it, with the key as OpenAI's clients send it", async () => {
  const { upstream, served } = await setUp();
  const body = JSON.stringify({ model: "gemini-x", messages: [] });
  await fetch(`${served.url}/v1/chat/completions`, { method: "POST", body });
  expect(upstream.seen[0]).toMatchObject({ url: "/v1beta/openai/chat/completions", body });
  expect(upstream.seen[0]?.headers.authorization).toBe(`Bearer ${KEY}`);
});
