/**
 * The way to a model provider. Threat: the agent on one side must not learn the key, the provider on the other must not get more than
 * the request. Invariant: the bytes of the body pass unchanged, headers pass by name, the key is put in here and scrubbed from
 * whatever comes back, and no text of a failed connection reaches the caller.
 */
import type { Dispatcher } from "undici";
import { RouterError } from "../errors.ts";
import type { ModelAnswer, ModelBackend, ModelCall, Protocol } from "../types.ts";
import { createUsageTap } from "../wire/usage.ts";
import { dispatchUpstream, type Upstream } from "./dispatch.ts";
import { type ProviderKind, requestHeaders, responseHeaders } from "./headers.ts";
import { createPool, type ProxySettings } from "./pool.ts";
import { createKeyScrubber } from "./scrub.ts";

export interface HttpModelOptions {
  /** Shown to people: `openai`, `nvidia`, `ollama`. */
  provider: string;
  kind: ProviderKind;
  /** Up to and without the part that all endpoints share, e.g. `https://api.openai.com/v1`. */
  baseUrl: string;
  models: readonly [string, ...string[]];
  protocols: readonly Protocol[];
  /** Asked for each call, so that a rotated key is used at once; null for a server that wants none. */
  credential: () => string | null | Promise<string | null>;
  /** Extra authorities, PEM. */
  ca?: string | undefined;
  /** The company's way out, for providers beyond this host. */
  proxy?: ProxySettings | undefined;
}

const paths: Readonly<Record<Exclude<Protocol, "gemini">, string>> = {
  "openai-chat": "/chat/completions",
  "openai-responses": "/responses",
  "anthropic-messages": "/messages",
};

/** What follows the base URL, query included. */
function endpointOf({ protocol, operation, model, stream, query }: ModelCall, kind: ProviderKind): string {
  if (protocol !== "gemini") {
    // Google serves the protocols of others below a folder of its own.
    const folder = kind === "gemini" ? "/openai" : "";
    return `${folder}${paths[protocol]}${operation === "count-tokens" ? "/count_tokens" : ""}${query}`;
  }
  const method = operation === "count-tokens" ? "countTokens" : stream ? "streamGenerateContent" : "generateContent";
  // Its clients may put the key into the query; the caller's is a placeholder and stays here.
  const words = query
    .slice(1)
    .split("&")
    .filter((word) => word !== "" && !/^key(=|$)/i.test(decoded(word)));
  return `/models/${encodeURIComponent(model)}:${method}${words.length > 0 ? `?${words.join("&")}` : ""}`;
}

function decoded(word: string): string {
  try {
    return decodeURIComponent(word);
  } catch {
    return word;
  }
}

export function createHttpModel(options: HttpModelOptions): ModelBackend {
  const { provider, models, protocols } = options;
  const base = providerUrl(options);
  const pool = createPool({ origin: base.origin, ca: options.ca, proxy: options.proxy });
  const prefix = base.pathname.replace(/\/+$/, "");
  return {
    info: { provider, name: models[0], scripted: false },
    models,
    protocols,
    call: (call) => forward({ options, pool, origin: base.origin, prefix, call }),
    // Not `close`, which would wait for streams that may go on for minutes.
    close: () => pool.destroy(),
  };
}

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** A key travels over TLS, or never leaves this host. */
function providerUrl({ baseUrl, provider }: HttpModelOptions): URL {
  const base = URL.canParse(baseUrl) ? new URL(baseUrl) : null;
  if (base?.protocol === "https:" || (base?.protocol === "http:" && LOOPBACK.has(base.hostname))) return base;
  throw new Error(`The base URL of the model provider ${provider} must be https://, or http:// on a loopback address.`);
}

interface Forward {
  options: HttpModelOptions;
  pool: Dispatcher;
  origin: string;
  prefix: string;
  call: ModelCall;
}

async function forward({ options, pool, origin, prefix, call }: Forward): Promise<ModelAnswer> {
  const { kind, provider } = options;
  const secret = (await options.credential()) || null;
  const { headers, body, signal } = call.request;
  const path = `${prefix}${endpointOf(call, kind)}`;
  let upstream: Upstream;
  try {
    upstream = await dispatchUpstream(pool, {
      origin,
      path,
      headers: requestHeaders({ kind, protocol: call.protocol, secret, headers }),
      body,
      signal,
    });
  } catch (error) {
    throw unreachable(provider, error);
  }
  await refuse(upstream, provider);
  return {
    status: upstream.status,
    headers: responseHeaders(upstream.headers, secret),
    body: passing({ upstream, secret, call }),
  };
}

/** Answers that must not pass as they are; their body is left unread, which closes the connection. */
async function refuse({ status, headers, body }: Upstream, provider: string): Promise<void> {
  const encoding = headers["content-encoding"];
  let error: RouterError | null = null;
  if (status === 401 || status === 403 || status === 407) {
    const message = `The model provider ${provider} refused this node's credential; its operator has to check the key.`;
    error = new RouterError(502, "upstream_refused_credential", message);
  } else if (status >= 300 && status < 400) {
    error = new RouterError(502, "upstream_redirect", `The model provider ${provider} answered with a redirect.`);
  } else if (encoding !== undefined && encoding !== "identity") {
    error = new RouterError(502, "upstream_encoding", `The model provider ${provider} compressed its answer unasked.`);
  }
  if (!error) return;
  await body[Symbol.asyncIterator]().return?.();
  throw error;
}

const TIMEOUT_CODES = new Set(["UND_ERR_HEADERS_TIMEOUT", "UND_ERR_CONNECT_TIMEOUT", "UND_ERR_BODY_TIMEOUT"]);

function unreachable(provider: string, error: unknown): RouterError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (TIMEOUT_CODES.has(code)) {
    return new RouterError(504, "upstream_timeout", `The model provider ${provider} did not answer in time.`);
  }
  return new RouterError(502, "upstream_unreachable", `The model provider ${provider} could not be reached.`);
}

async function* passing({ upstream, secret, call }: { upstream: Upstream; secret: string | null; call: ModelCall }) {
  const scrubber = secret === null ? null : createKeyScrubber(secret);
  const usage = createUsageTap(call.info, call.stream && upstream.status < 300);
  for await (const chunk of upstream.body) {
    const clean = scrubber ? scrubber.take(chunk, false) : chunk;
    usage.push(clean);
    if (clean.length > 0) yield clean;
  }
  const rest = scrubber?.take(Buffer.alloc(0), true);
  if (rest && rest.length > 0) {
    usage.push(rest);
    yield rest;
  }
  usage.end();
}
