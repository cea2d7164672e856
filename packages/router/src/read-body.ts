import { RouterError } from "./errors.ts";
import { MODEL_NAME_CHARS_MAX, REQUEST_BODY_BYTES_MAX } from "./limits.ts";
import type { InferenceRequest, JsonObject } from "./types.ts";
import { repeatedTopLevelKey } from "./wire/top-level-keys.ts";

const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const badRequest = (message: string): RouterError => new RouterError(400, "invalid_request", message);

/**
 * The body as a JSON object and the one model it is for, which the path has `named` or else the body does; the bytes themselves are
 * forwarded as they came.
 */
export function readBody(request: InferenceRequest, named: string | null): { json: JsonObject; model: string } {
  if (request.body.length > REQUEST_BODY_BYTES_MAX) {
    const message = `The request body exceeds ${REQUEST_BODY_BYTES_MAX} bytes.`;
    throw new RouterError(413, "request_too_large", message);
  }
  const encoding = request.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") {
    throw new RouterError(415, "unsupported_encoding", "Send the request body without a content encoding.");
  }
  const json = parse(request.body);
  const repeated = repeatedTopLevelKey(request.body);
  if (repeated !== null) throw badRequest(`The request body names "${repeated}" more than once; name it once.`);
  if (named !== null) {
    if (json.model !== undefined) throw badRequest("The path names the model; leave `model` out of the request body.");
    return { json, model: named };
  }
  const model = json.model;
  if (typeof model !== "string" || model === "" || model.length > MODEL_NAME_CHARS_MAX) {
    throw badRequest("The request body needs `model`, the name of a model as text.");
  }
  return { json, model };
}

function parse(body: Buffer): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(body.toString("utf8"));
  } catch {
    throw badRequest("The request body is not valid JSON.");
  }
  if (!isObject(value)) throw badRequest("The request body must be a JSON object.");
  return value;
}
