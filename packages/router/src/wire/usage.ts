import { USAGE_BODY_BYTES_MAX, USAGE_LINE_BYTES_MAX } from "../limits.ts";
import type { InferenceInfo, JsonObject } from "../types.ts";
import { object } from "./json.ts";

/** Reads token counts out of an answer while it passes; what is too long to look into is left uncounted, never held up. */
export interface UsageTap {
  push(chunk: Buffer): void;
  end(): void;
}

export function createUsageTap(info: InferenceInfo, stream: boolean): UsageTap {
  return stream ? streamTap(info) : wholeTap(info);
}

function wholeTap(info: InferenceInfo): UsageTap {
  let chunks: Buffer[] = [];
  let bytes = 0;
  return {
    push(chunk) {
      bytes += chunk.length;
      if (bytes > USAGE_BODY_BYTES_MAX) chunks = [];
      else chunks.push(chunk);
    },
    end() {
      if (bytes <= USAGE_BODY_BYTES_MAX) readUsage(info, Buffer.concat(chunks).toString("utf8"));
    },
  };
}

const NEWLINE = 0x0a;

function streamTap(info: InferenceInfo): UsageTap {
  let line: Buffer[] = [];
  let bytes = 0;
  const flush = () => {
    if (bytes <= USAGE_LINE_BYTES_MAX) readLine(info, Buffer.concat(line));
    line = [];
    bytes = 0;
  };
  const keep = (part: Buffer) => {
    bytes += part.length;
    if (bytes > USAGE_LINE_BYTES_MAX) line = [];
    else line.push(part);
  };
  return {
    push(chunk) {
      let start = 0;
      for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
        keep(chunk.subarray(start, end));
        flush();
        start = end + 1;
      }
      if (start < chunk.length) keep(chunk.subarray(start));
    },
    end: flush,
  };
}

function readLine(info: InferenceInfo, line: Buffer): void {
  // Most events carry no usage; looking for the word costs far less than parsing each of them.
  if ((line.includes('"usage"') || line.includes('"usageMetadata"')) && line.subarray(0, 5).toString() === "data:") {
    readUsage(info, line.subarray(5).toString("utf8"));
  }
}

function readUsage(info: InferenceInfo, text: string): void {
  let json: JsonObject;
  try {
    json = object(JSON.parse(text));
  } catch {
    return;
  }
  // At the top in chat and messages, inside `response` in responses events, inside `message` in message_start.
  for (const holder of [json, object(json.response), object(json.message)]) {
    const usage = object(holder.usage ?? holder.usageMetadata);
    const input = count(usage.prompt_tokens ?? usage.input_tokens ?? usage.promptTokenCount);
    const output = count(usage.completion_tokens ?? usage.output_tokens ?? usage.candidatesTokenCount);
    if (input !== null) info.inputTokens = input;
    if (output !== null) info.outputTokens = output;
  }
}

const count = (value: unknown): number | null =>
  Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : null;
