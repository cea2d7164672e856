import { createServer } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createRouter, detectModel } from "../src/index.ts";
import { closeServer, listen } from "./serve.ts";

const KEY = "sk-real-behind-a-proxy";
const server = createServer();
let url = "";
const asked: { target: string; headers: string }[] = [];

beforeAll(async () => {
  server.on("connect", (request, socket) => {
    asked.push({ target: request.url ?? "", headers: JSON.stringify(request.headers) });
    socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
  });
  url = await listen(server);
});
afterAll(() => closeServer(server));

async function ask(env: Record<string, string>): Promise<number> {
  const model = await detectModel({ OPENAI_API_KEY: KEY, ...env });
  const router = createRouter({ models: [model], now: () => new Date() });
  const body = Buffer.from(JSON.stringify({ model: model.models[0], messages: [] }));
  const { status } = await router.handle({ method: "POST", path: "/v1/chat/completions", headers: {}, body });
  await router.close();
  return status;
}

test("a provider is reached through HTTPS_PROXY; the proxy sees the name, not the key; its refusal is a 502", async () => {
  expect(await ask({ HTTPS_PROXY: url, OPENAI_BASE_URL: "https://provider.creel.example/v1" })).toBe(502);
  expect(asked.at(-1)?.target).toBe("provider.creel.example:443");
  expect(asked.at(-1)?.headers).not.toContain(KEY);
});

test("a provider named by NO_PROXY, or on this host, is reached directly", async () => {
  const before = asked.length;
  const local = createServer((_request, response) => void response.end("{}"));
  const localUrl = await listen(local);
  expect(await ask({ HTTPS_PROXY: url, OPENAI_BASE_URL: `${localUrl}/v1` })).toBe(200);
  await closeServer(local);
  // Nothing listens there any more: a direct connection is refused at once.
  const gone = localUrl.replace("http:", "https:");
  expect(await ask({ HTTPS_PROXY: url, NO_PROXY: "127.0.0.1", OPENAI_BASE_URL: gone })).toBe(502);
  expect(asked.length).toBe(before);
});
