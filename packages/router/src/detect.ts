import { createHttpModel, type HttpModelOptions } from "./backend/http.ts";
import type { ProxySettings } from "./backend/pool.ts";
import { type Probe, probeJson } from "./backend/probe.ts";
import { createScriptedModel } from "./scripted/backend.ts";
import { SCRIPTED_MODEL_NAME } from "./scripted/plan.ts";
import type { ModelBackend } from "./types.ts";
import { list, object, text } from "./wire/json.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

interface KeyedProvider extends Pick<HttpModelOptions, "provider" | "kind" | "baseUrl" | "protocols"> {
  variable: string;
  /** Overrides `baseUrl`, as the providers' own clients know it. */
  urlVariable?: string;
  /** What must follow the override: Anthropic's and Google's clients add their version themselves. */
  urlSuffix?: string;
  model: string;
}

/** In this order; the first whose variable holds a key is used. */
const keyed: readonly KeyedProvider[] = [
  {
    variable: "NVIDIA_API_KEY",
    provider: "nvidia",
    kind: "openai",
    baseUrl: "https://integrate.api.nvidia.com/v1",
    urlVariable: "NVIDIA_BASE_URL",
    model: "nvidia/nemotron-3-super-120b-a12b",
    protocols: ["openai-chat"],
  },
  {
    variable: "OPENAI_API_KEY",
    provider: "openai",
    kind: "openai",
    baseUrl: "https://api.openai.com/v1",
    urlVariable: "OPENAI_BASE_URL",
    model: "gpt-5.1-codex",
    protocols: ["openai-chat", "openai-responses"],
  },
  {
    variable: "ANTHROPIC_API_KEY",
    provider: "anthropic",
    kind: "anthropic",
    baseUrl: "https://api.anthropic.com/v1",
    urlVariable: "ANTHROPIC_BASE_URL",
    urlSuffix: "/v1",
    model: "claude-opus-5-5",
    protocols: ["anthropic-messages"],
  },
  {
    variable: "GEMINI_API_KEY",
    provider: "gemini",
    kind: "gemini",
    baseUrl: "https://generativelanguage.googleapis.com/v1beta",
    urlVariable: "GOOGLE_GEMINI_BASE_URL",
    urlSuffix: "/v1beta",
    model: "gemini-2.5-flash",
    protocols: ["gemini", "openai-chat"],
  },
];

/** Where the two common local servers listen unless told otherwise. */
const OLLAMA_URL = "http://127.0.0.1:11434";
const VLLM_URL = "http://127.0.0.1:8000/v1";

export interface DetectOptions {
  now?: () => Date;
  probe?: Probe;
  /** Every authority to trust, PEM; Node's own when undefined. */
  ca?: string | undefined;
}

/**
 * The model a node uses: a provider whose key is in `env`, else a local server, else the scripted model. `CREEL_MODEL` names another
 * model of what was found; named as the scripted model, it is used without looking further.
 */
export async function detectModel(env: Environment, options: DetectOptions = {}): Promise<ModelBackend> {
  const { now = () => new Date(), probe = probeJson, ca } = options;
  const wanted = env.CREEL_MODEL?.trim() || null;
  if (wanted === SCRIPTED_MODEL_NAME) return createScriptedModel({ now });
  return fromKey(env, wanted, ca) ?? (await fromLocalServer(env, wanted, probe)) ?? createScriptedModel({ now });
}

function fromKey(env: Environment, wanted: string | null, ca: string | undefined): ModelBackend | null {
  for (const { variable, urlVariable, urlSuffix = "", model, ...provider } of keyed) {
    const key = env[variable]?.trim();
    if (!key) continue;
    const override = urlVariable === undefined ? null : urlOf(env[urlVariable]);
    const baseUrl = override === null ? provider.baseUrl : override + urlSuffix;
    const proxy = proxyOf(env);
    return createHttpModel({ ...provider, baseUrl, models: [wanted ?? model], credential: () => key, proxy, ca });
  }
  return null;
}

function proxyOf(env: Environment): ProxySettings | undefined {
  const https = urlOf(env.HTTPS_PROXY ?? env.https_proxy);
  return https === null ? undefined : { https, none: env.NO_PROXY ?? env.no_proxy ?? "" };
}

/** A setting as a URL without a trailing slash; `host:port`, as Ollama writes it, is taken for http. Null when unset. */
function urlOf(value: string | undefined): string | null {
  const trimmed = value?.trim().replace(/\/+$/, "");
  if (!trimmed) return null;
  return /^https?:\/\//.test(trimmed) ? trimmed : `http://${trimmed}`;
}

async function fromLocalServer(env: Environment, wanted: string | null, probe: Probe): Promise<ModelBackend | null> {
  const ollamaUrl = urlOf(env.OLLAMA_HOST) ?? OLLAMA_URL;
  const vllmUrl = urlOf(env.VLLM_BASE_URL) ?? VLLM_URL;
  const [tags, models] = await Promise.all([probe(`${ollamaUrl}/api/tags`), probe(`${vllmUrl}/models`)]);
  const common = { kind: "openai", credential: () => null } as const;
  const ollama = pick(names(object(tags).models, "name"), wanted);
  if (ollama) {
    const baseUrl = `${ollamaUrl}/v1`;
    return createHttpModel({ ...common, provider: "ollama", baseUrl, models: ollama, protocols: ["openai-chat"] });
  }
  const vllm = pick(names(object(models).data, "id"), wanted);
  if (!vllm) return null;
  const protocols = ["openai-chat", "openai-responses"] as const;
  return createHttpModel({ ...common, provider: "vllm", baseUrl: vllmUrl, models: vllm, protocols });
}

const names = (value: unknown, field: string): string[] =>
  list(value)
    .map((entry) => text(object(entry)[field]))
    .filter((name) => name !== "");

/** All the server has, with the wanted one or else its first at the head; null when it has none, or not the wanted one. */
function pick(available: readonly string[], wanted: string | null): [string, ...string[]] | null {
  const first = wanted ?? available[0];
  if (first === undefined || !available.includes(first)) return null;
  return [first, ...available.filter((name) => name !== first)];
}
