/** The scripted model over Gemini's protocol, asked by Google's own client. */
import {
  type Content,
  FunctionCallingConfigMode,
  type FunctionDeclaration,
  type GenerateContentResponse,
  GoogleGenAI,
} from "@google/genai";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createRouter, createScriptedModel, SCRIPTED_MODEL_NAME as model } from "../src/index.ts";
import { type Served, serve } from "./serve.ts";

const PROMPT = "Please look around.\n\n```sh\nid -u\necho 'größe'\n```\n";
const functionDeclarations: FunctionDeclaration[] = [
  {
    name: "run_shell_command",
    parametersJsonSchema: { type: "object", properties: { command: { type: "string" } }, required: ["command"] },
  },
];
let served: Served;
let client: GoogleGenAI;

beforeAll(async () => {
  const now = () => new Date("2026-01-02T03:04:05Z");
  served = await serve(createRouter({ models: [createScriptedModel({ now })], now }));
  client = new GoogleGenAI({ apiKey: "placeholder", httpOptions: { baseUrl: served.url } });
});
afterAll(() => served.close());

test.each([false, true])("a loop over both commands ends with a summary; streamed: %s", async (streamed) => {
  const contents: Content[] = [{ role: "user", parts: [{ text: PROMPT }] }];
  const ran: unknown[] = [];
  for (let turn = 0; turn < 3; turn += 1) {
    const request = { model, contents, config: { tools: [{ functionDeclarations }] } };
    const answers: GenerateContentResponse[] = [];
    if (streamed) for await (const part of await client.models.generateContentStream(request)) answers.push(part);
    else answers.push(await client.models.generateContent(request));
    const parts = answers.flatMap((answer) => answer.candidates?.[0]?.content?.parts ?? []);
    expect(answers.at(-1)?.candidates?.[0]?.finishReason).toBe("STOP");
    expect(answers.at(-1)?.usageMetadata?.promptTokenCount).toBeGreaterThan(0);
    contents.push({ role: "model", parts });
    const call = parts.find((part) => part.functionCall)?.functionCall;
    if (call === undefined) {
      const said = parts.map(({ text }) => text ?? "").join("");
      expect(said).toContain("2 of 2 commands");
      expect(said).toContain("output 1");
      continue;
    }
    ran.push(call.args?.command);
    const response = { output: `output ${turn}` };
    contents.push({ role: "user", parts: [{ functionResponse: { name: call.name ?? "", response } }] });
  }
  expect(ran).toEqual(["id -u", "echo 'größe'"]);
  expect(served.infos.at(-1)).toMatchObject({ protocol: "gemini", model });
});

test("no tool is called when the client forbids it", async () => {
  const toolConfig = { functionCallingConfig: { mode: FunctionCallingConfigMode.NONE } };
  const answer = await client.models.generateContent({
    model,
    contents: PROMPT,
    config: { tools: [{ functionDeclarations }], toolConfig },
  });
  expect(answer.functionCalls).toBeUndefined();
});

test("tokens are counted, and models listed", async () => {
  expect((await client.models.countTokens({ model, contents: "hello" })).totalTokens).toBeGreaterThan(0);
  const listed: unknown = await (await fetch(`${served.url}/v1beta/models`)).json();
  expect(listed).toMatchObject({ models: [{ name: `models/${model}` }] });
});

test.each([
  ["/v1beta/models/other:generateContent", {}, 404, "NOT_FOUND"],
  ["/v1beta/models/a%2Fb:generateContent", {}, 404, "NOT_FOUND"],
  [`/v1beta/models/${model}:deleteEverything`, {}, 404, "NOT_FOUND"],
  [`/v1beta/models/${model}:generateContent`, { model: "other" }, 400, "INVALID_ARGUMENT"],
])("%s with %j is refused in Google's own words", async (path, body, status, word) => {
  const answer = await fetch(served.url + path, { method: "POST", body: JSON.stringify(body) });
  expect(answer.status).toBe(status);
  expect(await answer.json()).toMatchObject({ error: { code: status, status: word } });
});
