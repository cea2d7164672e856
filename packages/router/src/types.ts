import type { ModelInfo } from "@creel/protocol";

/** The request and answer shapes a client speaks. A backend lists those it understands; nothing is translated between them. */
export type Protocol = "openai-chat" | "openai-responses" | "anthropic-messages" | "gemini";

/** What of a protocol is being asked for. */
export type Operation = "generate" | "count-tokens";

/** An HTTP request whose connection the caller has already terminated and judged. Header names are lower case, as Node gives them. */
export interface InferenceRequest {
  method: string;
  /** The raw request target, query included. */
  path: string;
  headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  body: Buffer;
  /** Aborted when the client goes away; the call to the model ends with it. */
  signal?: AbortSignal | undefined;
}

/** What a call turned out to be. Token counts are filled in while the body passes: read them after it has ended. */
export interface InferenceInfo {
  protocol: Protocol | null;
  model: string | null;
  inputTokens?: number;
  outputTokens?: number;
}

export interface InferenceResponse {
  status: number;
  headers: Record<string, string>;
  /** A Buffer when the answer is complete, otherwise chunks as they come. An iterable that throws was cut off:
   *  the caller must break the client's connection and not end it cleanly. */
  body: Buffer | AsyncIterable<Buffer>;
  info: InferenceInfo;
}

export type JsonObject = Readonly<Record<string, unknown>>;

/** One call the router has checked: JSON object, a model this backend serves, a protocol it speaks. */
export interface ModelCall {
  protocol: Protocol;
  operation: Operation;
  model: string;
  stream: boolean;
  json: JsonObject;
  /** The query string of the request target with its `?`, or empty. */
  query: string;
  request: InferenceRequest;
  info: InferenceInfo;
}

export type ModelAnswer = Pick<InferenceResponse, "status" | "headers" | "body">;

export interface ModelBackend {
  info: ModelInfo;
  /** Names a request may use for this backend; the first is the default. */
  models: readonly string[];
  protocols: readonly Protocol[];
  call(call: ModelCall): Promise<ModelAnswer>;
  close(): Promise<void>;
}

export interface Router {
  readonly models: readonly ModelBackend[];
  handle(request: InferenceRequest): Promise<InferenceResponse>;
  close(): Promise<void>;
}
