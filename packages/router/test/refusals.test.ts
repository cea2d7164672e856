import fc from "fast-check";
import { expect, test } from "vitest";
import { createRouter, createScriptedModel, REQUEST_BODY_BYTES_MAX, SCRIPTED_MODEL_NAME } from "../src/index.ts";
import { repeatedTopLevelKey } from "../src/wire/top-level-keys.ts";

const now = () => new Date(0);
const router = createRouter({ models: [createScriptedModel({ now })], now });

async function ask(path: string, body: string | Buffer = "", method = "POST", headers: Record<string, string> = {}) {
  const response = await router.handle({ method, path, headers, body: Buffer.from(body) });
  if (!Buffer.isBuffer(response.body)) throw new Error("expected a whole answer");
  return { ...response, text: response.body.toString() };
}
const chat = "/v1/chat/completions";

test.each([
  "/",
  "/v1",
  "/v1/files",
  "/v1/chat/completions/",
  "//v1/chat/completions",
  "/v1/./chat/completions",
  "/v1/chat%2fcompletions",
  "/V1/chat/completions",
  "/v1/responses/resp_1",
  "http://inference.local/v1/chat/completions",
  `${chat}?x=\r\nhost: evil`,
  `${chat}?${"x".repeat(5000)}`,
])("an endpoint that is not on the list is a 404: %s", async (path) => {
  expect((await ask(path)).status).toBe(404);
});

test("errors take the shape of the protocol the client speaks", async () => {
  const openai = await ask(chat, "{}");
  expect(JSON.parse(openai.text)).toMatchObject({ error: { type: "invalid_request_error", code: "invalid_request" } });
  const anthropic = await ask("/v1/messages/batches", "{}");
  expect(anthropic.status).toBe(404);
  expect(JSON.parse(anthropic.text)).toMatchObject({ type: "error", error: { type: "not_found_error" } });
});

test("another method than the endpoint's is a 405 that says which", async () => {
  const response = await ask("/v1/messages", "", "GET");
  expect([response.status, response.headers.allow]).toEqual([405, "POST"]);
  expect((await ask("/v1/models", "", "POST")).status).toBe(405);
});

test("hello and models answer HEAD without a body", async () => {
  for (const path of ["/api/hello", "/v1/models"]) {
    expect(await ask(path, "", "HEAD")).toMatchObject({ status: 200, text: "" });
    expect((await ask(path, "", "GET")).text).not.toBe("");
  }
});

test.each(["", "null", "[]", "7", "{", `{"model":`, `{"model":7}`, `{"model":""}`, `{"messages":[]}`])(
  "a body that is no JSON object with a model is a 400: %s",
  async (body) => {
    expect((await ask(chat, body)).status).toBe(400);
  },
);

test("a body over the limit is a 413, a compressed one a 415", async () => {
  expect((await ask(chat, Buffer.alloc(REQUEST_BODY_BYTES_MAX + 1, 0x20))).status).toBe(413);
  expect((await ask(chat, "{}", "POST", { "content-encoding": "gzip" })).status).toBe(415);
});

test.each([
  [`{"model":"${SCRIPTED_MODEL_NAME}","model":"forbidden"}`, "the same key twice"],
  [`{"Model":"forbidden","model":"${SCRIPTED_MODEL_NAME}"}`, "another case, which some parsers fold"],
  [`{"mo\\u0064el":"forbidden","model":"${SCRIPTED_MODEL_NAME}"}`, "an escaped spelling"],
  [`{"\\uff4dodel":"forbidden","model":"${SCRIPTED_MODEL_NAME}"}`, "a full-width letter"],
  [`{"x":"\\\\","model":"forbidden" , "model":"${SCRIPTED_MODEL_NAME}"}`, "after a string that ends in a backslash"],
])("attack: two keys that another parser may take for one: %s (%s)", async (body) => {
  const response = await ask(chat, body);
  expect(response.status).toBe(400);
  expect(response.text).toContain("more than once");
});

test("only repeated keys of the top level are refused, in any JSON object", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.integer({ min: 0, max: 3 }), (object, indent) => {
      const keys = Object.keys(object).map((key) => key.normalize("NFKC").toLowerCase());
      const expected = new Set(keys).size < keys.length;
      expect(repeatedTopLevelKey(Buffer.from(JSON.stringify(object, null, indent))) !== null).toBe(expected);
    }),
  );
});
