import type { InferenceInfo, InferenceResponse, Protocol } from "./types.ts";

/** A refusal with a text the client may see. Nothing of a credential or of the host's inside goes into one. */
export class RouterError extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = "RouterError";
    this.status = status;
    this.code = code;
  }
}

const anthropicTypes: Readonly<Record<number, string>> = {
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  529: "overloaded_error",
};

const anthropicType = (status: number): string =>
  anthropicTypes[status] ?? (status >= 500 ? "api_error" : "invalid_request_error");

const googleStatuses: Readonly<Record<number, string>> = {
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  429: "RESOURCE_EXHAUSTED",
  504: "DEADLINE_EXCEEDED",
};
const googleStatus = (status: number): string =>
  googleStatuses[status] ?? (status >= 500 ? "UNAVAILABLE" : "INVALID_ARGUMENT");

/** The body each protocol's own clients know how to read. */
export function errorBody(protocol: Protocol | null, error: RouterError): unknown {
  if (protocol === "anthropic-messages") {
    return { type: "error", error: { type: anthropicType(error.status), message: error.message } };
  }
  if (protocol === "gemini") {
    return { error: { code: error.status, message: error.message, status: googleStatus(error.status) } };
  }
  const type = error.status >= 500 ? "server_error" : "invalid_request_error";
  return { error: { message: error.message, type, param: null, code: error.code } };
}

/** Answers of ours are final: the official clients would otherwise send the same refused request three times. */
const RETRY_NEVER = { "x-should-retry": "false" };
const TRANSIENT = new Set(["upstream_unreachable", "upstream_timeout"]);

export function errorResponse(info: InferenceInfo, error: RouterError): InferenceResponse {
  const retry = TRANSIENT.has(error.code) ? {} : RETRY_NEVER;
  return { ...jsonAnswer(error.status, errorBody(info.protocol, error), retry), info };
}

export function jsonAnswer(status: number, value: unknown, headers: Record<string, string> = {}) {
  const body = Buffer.from(JSON.stringify(value));
  return {
    status,
    headers: { "content-type": "application/json", "content-length": String(body.length), ...headers },
    body,
  };
}
