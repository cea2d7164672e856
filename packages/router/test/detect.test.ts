import { afterEach, expect, test } from "vitest";
import { detectModel, type ModelBackend, SCRIPTED_MODEL_NAME } from "../src/index.ts";
import { startUpstream, type Upstream } from "./upstream.ts";

let upstream: Upstream | null = null;
let model: ModelBackend | null = null;
afterEach(async () => {
  await model?.close();
  await upstream?.close();
  upstream = model = null;
});

/** Addresses on which nothing listens, so that a model server of this machine does not take part. */
const nowhere = { OLLAMA_HOST: "127.0.0.1:1", VLLM_BASE_URL: "http://127.0.0.1:1/v1" };
const detect = async (env: Record<string, string>) => {
  model = await detectModel({ ...nowhere, ...env });
  return { ...model.info, protocols: model.protocols, models: model.models };
};

test("keys are taken in their order, an empty one is none", async () => {
  const all = { NVIDIA_API_KEY: "n", OPENAI_API_KEY: "o", ANTHROPIC_API_KEY: "a", GEMINI_API_KEY: "g" };
  expect(await detect(all)).toMatchObject({ provider: "nvidia", name: "nvidia/nemotron-3-super-120b-a12b" });
  expect(await detect({ ...all, NVIDIA_API_KEY: " " })).toMatchObject({ provider: "openai" });
  expect(await detect({ ANTHROPIC_API_KEY: "a" })).toMatchObject({
    provider: "anthropic",
    protocols: ["anthropic-messages"],
  });
  expect(await detect({ GEMINI_API_KEY: "g" })).toMatchObject({
    provider: "gemini",
    protocols: ["gemini", "openai-chat"],
  });
});

test("with nothing found it is the scripted model, and it says so", async () => {
  expect(await detect({})).toMatchObject({ name: SCRIPTED_MODEL_NAME, scripted: true });
});

test("CREEL_MODEL names another model, and the scripted one beats any key", async () => {
  expect(await detect({ OPENAI_API_KEY: "o", CREEL_MODEL: "gpt-other" })).toMatchObject({ models: ["gpt-other"] });
  expect(await detect({ OPENAI_API_KEY: "o", CREEL_MODEL: SCRIPTED_MODEL_NAME })).toMatchObject({ scripted: true });
});

test("a local Ollama is found by its tags and a vLLM by its models", async () => {
  upstream = await startUpstream((response, { url }) => {
    if (url === "/api/tags") return response.end(JSON.stringify({ models: [{ name: "a:8b" }, { name: "b:7b" }] }));
    if (url === "/v1/models") return response.end(JSON.stringify({ data: [{ id: "served" }] }));
    return response.writeHead(404).end();
  });
  expect(await detect({ OLLAMA_HOST: upstream.url })).toMatchObject({ provider: "ollama", models: ["a:8b", "b:7b"] });
  expect(await detect({ OLLAMA_HOST: upstream.url, CREEL_MODEL: "b:7b" })).toMatchObject({ name: "b:7b" });
  expect(await detect({ VLLM_BASE_URL: `${upstream.url}/v1/` })).toMatchObject({ provider: "vllm", name: "served" });
});

test("a server that takes the connection and says nothing does not hold up the start", async () => {
  upstream = await startUpstream(() => {});
  // Without a bound of its own this would wait for ever, and the test's would end it.
  expect(await detect({ OLLAMA_HOST: upstream.url })).toMatchObject({ scripted: true });
});
