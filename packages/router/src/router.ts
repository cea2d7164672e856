/**
 * Threat: the caller is an agent that may be hostile. It must not reach a model that is not configured, nor see the
 * credential that reaches one. Invariant: a backend is called only with a JSON object whose one `model` it serves, in a
 * protocol it speaks; everything else is answered here, before any upstream byte.
 */
import { errorResponse, jsonAnswer, RouterError } from "./errors.ts";
import { readBody } from "./read-body.ts";
import { matchRoute } from "./routes.ts";
import type { InferenceInfo, InferenceRequest, InferenceResponse, ModelBackend, Protocol, Router } from "./types.ts";

export interface RouterOptions {
  models: readonly ModelBackend[];
  now: () => Date;
}

export function createRouter({ models, now }: RouterOptions): Router {
  return {
    models,
    async handle(request) {
      const info: InferenceInfo = { protocol: null, model: null };
      try {
        const response = await dispatch({ models, now, request, info });
        return request.method === "HEAD" ? { ...response, body: Buffer.alloc(0) } : response;
      } catch (error) {
        return errorResponse(info, publicError(error));
      }
    },
    close: async () => {
      await Promise.all(models.map((model) => model.close()));
    },
  };
}

/** An unknown error shows nothing of itself: its text may hold an address or a header. */
function publicError(error: unknown): RouterError {
  if (error instanceof RouterError) return error;
  return new RouterError(500, "internal_error", "The inference router failed on this request.");
}

interface Dispatch extends RouterOptions {
  request: InferenceRequest;
  info: InferenceInfo;
}

async function dispatch({ models, now, request, info }: Dispatch): Promise<InferenceResponse> {
  const match = matchRoute(request);
  if (match.kind === "none") {
    info.protocol = match.protocol;
    throw new RouterError(404, "unknown_url", "This inference router has no such endpoint.");
  }
  if (match.kind === "method") {
    info.protocol = match.protocol;
    const message = `This endpoint takes ${match.allow}.`;
    const refused = errorResponse(info, new RouterError(405, "method_not_allowed", message));
    return { ...refused, headers: { ...refused.headers, allow: match.allow } };
  }
  const { route, query } = match;
  if (route.kind === "hello") return { ...jsonAnswer(200, { message: "hello" }), info };
  info.protocol = route.protocol;
  if (route.kind === "list") return { ...jsonAnswer(200, listModels(models, route.protocol, now())), info };

  const { protocol, operation, named } = route;
  const { json, model } = readBody(request, named?.model ?? null);
  info.model = model;
  const backend = pickBackend(models, model, protocol);
  const stream = operation === "generate" && (named === null ? json.stream === true : named.stream);
  const answer = await backend.call({ protocol, operation, model, stream, json, query, request, info });
  return { ...answer, info };
}

const protocolNames: Readonly<Record<Protocol, string>> = {
  "openai-chat": "OpenAI chat completions",
  "openai-responses": "OpenAI responses",
  "anthropic-messages": "Anthropic messages",
  gemini: "Gemini",
};

function pickBackend(models: readonly ModelBackend[], model: string, protocol: Protocol): ModelBackend {
  const named = models.filter((backend) => backend.models.includes(model));
  if (named.length === 0) {
    const served = models.flatMap((backend) => backend.models).join(", ") || "none";
    throw new RouterError(404, "model_not_found", `The model "${model}" is not served here. Served: ${served}.`);
  }
  const backend = named.find((candidate) => candidate.protocols.includes(protocol));
  if (backend) return backend;
  const spoken = [...new Set(named.flatMap((candidate) => candidate.protocols))].map((name) => protocolNames[name]);
  throw new RouterError(
    400,
    "no_compatible_route",
    `No compatible route: the request speaks ${protocolNames[protocol]}, and "${model}" is served only over ` +
      `${spoken.join(", ")}. Use a client of that protocol, or another model.`,
  );
}

function listModels(models: readonly ModelBackend[], protocol: Protocol, now: Date): unknown {
  const names = models.flatMap((backend) => backend.models.map((id) => ({ id, owner: backend.info.provider })));
  if (protocol === "anthropic-messages") {
    const data = names.map(({ id }) => ({ type: "model", id, display_name: id, created_at: now.toISOString() }));
    return { data, has_more: false, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null };
  }
  if (protocol === "gemini") {
    const supportedGenerationMethods = ["generateContent", "countTokens"];
    return { models: names.map(({ id }) => ({ name: `models/${id}`, displayName: id, supportedGenerationMethods })) };
  }
  const created = Math.floor(now.getTime() / 1000);
  return { object: "list", data: names.map(({ id, owner }) => ({ id, object: "model", created, owned_by: owner })) };
}
