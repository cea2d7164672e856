import type { JsonObject, Protocol } from "../types.ts";
import type { Answer } from "./answer.ts";
import { chatCompletion, chatStream } from "./chat.ts";
import { geminiResponse, geminiStream } from "./gemini.ts";
import { message, messageStream } from "./messages.ts";
import { response, responseStream } from "./responses.ts";

interface Renderer {
  whole(answer: Answer, json: JsonObject): JsonObject;
  stream(answer: Answer, json: JsonObject): Generator<string>;
}

export const renderers: Readonly<Record<Protocol, Renderer>> = {
  "openai-chat": { whole: chatCompletion, stream: chatStream },
  "openai-responses": { whole: response, stream: responseStream },
  "anthropic-messages": { whole: message, stream: messageStream },
  gemini: { whole: geminiResponse, stream: geminiStream },
};
