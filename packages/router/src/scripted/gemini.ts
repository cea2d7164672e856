import type { JsonObject } from "../types.ts";
import type { Answer } from "./answer.ts";
import { pieces } from "./chunks.ts";

const usageOf = ({ usage }: Answer) => ({
  promptTokenCount: usage.input,
  candidatesTokenCount: usage.output,
  totalTokenCount: usage.input + usage.output,
});

const callPart = ({ turn }: Answer): unknown[] =>
  turn.call ? [{ functionCall: { id: turn.call.id, name: turn.call.name, args: JSON.parse(turn.call.input) } }] : [];

/** One answer, or one event of a stream; the last one says why it ends and what it cost. */
function part(answer: Answer, parts: unknown[], isLast: boolean): JsonObject {
  const candidate = { content: { role: "model", parts }, index: 0, ...(isLast ? { finishReason: "STOP" } : {}) };
  const usage = isLast ? { usageMetadata: usageOf(answer) } : {};
  return { candidates: [candidate], ...usage, modelVersion: answer.model, responseId: answer.id };
}

/** https://ai.google.dev/api/generate-content#v1beta.GenerateContentResponse */
export const geminiResponse = (answer: Answer): JsonObject =>
  part(answer, [{ text: answer.turn.text }, ...callPart(answer)], true);

/** The same in pieces, as `?alt=sse` asks for them. */
export function* geminiStream(answer: Answer): Generator<string> {
  const send = (parts: unknown[], isLast: boolean): string =>
    `data: ${JSON.stringify(part(answer, parts, isLast))}\r\n\r\n`;
  for (const text of pieces(answer.turn.text)) yield send([{ text }], false);
  yield send(answer.turn.call ? callPart(answer) : [{ text: "" }], true);
}
