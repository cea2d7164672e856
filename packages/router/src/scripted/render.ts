import type { JsonObject, Protocol } from "../types.ts";
import { chatCompletion, chatStream } from "./chat.ts";
import { message, messageStream } from "./messages.ts";
import type { Turn } from "./plan.ts";
import { response, responseStream } from "./responses.ts";

/** A turn with what every protocol's envelope needs. */
export interface Answer {
  id: string;
  model: string;
  /** Seconds since 1970. */
  created: number;
  turn: Turn;
  usage: { input: number; output: number };
}

interface Renderer {
  whole(answer: Answer, json: JsonObject): JsonObject;
  stream(answer: Answer, json: JsonObject): Generator<string>;
}

export const renderers: Readonly<Record<Protocol, Renderer>> = {
  "openai-chat": { whole: chatCompletion, stream: chatStream },
  "openai-responses": { whole: response, stream: responseStream },
  "anthropic-messages": { whole: message, stream: messageStream },
};
