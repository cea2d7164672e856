/** A record read as the request that it tells of, and what it does not tell. */
import { modelInPath } from "../engine/inference.ts";
import type { PolicyRequest } from "../types.ts";
import type { Lacks } from "./conditions.ts";
import { RECORDED_TEXT_CHARS_MAX } from "./limits.ts";
import type { RecordedRequest } from "./types.ts";

export function requestOf(record: RecordedRequest, binary: NonNullable<RecordedRequest["binary"]>): PolicyRequest {
  const request: PolicyRequest = { binary: binary.path, host: record.host, port: record.port };
  if (binary.sha256 != null) request.sha256 = binary.sha256;
  if (binary.script != null) request.script = binary.script;
  if (binary.library != null) request.library = binary.library;
  if (binary.ancestors != null) request.ancestors = binary.ancestors;
  if (record.method != null) request.method = record.method;
  if (record.path != null) request.path = record.path;
  if (record.headers != null) request.headers = record.headers;
  else if (opensWebSocket(record)) request.headers = { upgrade: "websocket" };
  const ip = record.ip ?? addressIn(record);
  if (ip != null) request.ip = ip;
  const model = modelOf(record);
  if (record.body != null) request.body = record.body;
  else if (model !== null) request.body = JSON.stringify(modelInPath(request.path) === undefined ? { model } : {});
  return request;
}
export const asPolicyRequest = (record: RecordedRequest): PolicyRequest =>
  requestOf(record, record.binary ?? { path: "" });

const opensWebSocket = ({ protocol }: RecordedRequest): boolean => protocol === "ws" || protocol === "wss";

export const lacksOf = (record: RecordedRequest, request: PolicyRequest): Lacks => ({
  sha256: request.sha256 === undefined,
  script: request.script === undefined,
  ip: request.ip === undefined,
  headers: record.headers == null,
  body: request.body === undefined,
  upgrade: record.headers == null && !opensWebSocket(record),
});

/** The journal cuts what is too long and ends it with this mark, which no path that was judged can hold. */
export const pathLacks = ({ path }: RecordedRequest): boolean =>
  path == null || (path.length >= RECORDED_TEXT_CHARS_MAX && path.endsWith("…"));

const ADDRESS_REASON = /^([0-9A-Fa-f.:]+) is (?:a|an|this|no|not) /;
/** A denial for an address names it; nothing else in a record does. */
export function addressIn({ decision, reason }: RecordedRequest): string | null {
  if (decision === "allow" || reason == null) return null;
  return ADDRESS_REASON.exec(reason)?.[1]?.toLowerCase() ?? null;
}

const MODEL_REASON = /^Model (.{1,255}?)\. The (?:policy|model|body)/s;
/** The gateway writes the model's name before the reason. Null also where a name could be read in two ways. */
export function modelOf({ kind, reason }: RecordedRequest): string | null {
  if (kind !== "inference" || reason == null) return null;
  const found = MODEL_REASON.exec(reason)?.[1] ?? null;
  if (found === null) return null;
  const rest = reason.slice(`Model ${found}. The`.length);
  return /\. The (?:policy|model|body)/.test(rest) ? null : found;
}
