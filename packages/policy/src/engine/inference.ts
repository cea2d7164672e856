/**
 * The model host. The gateway answers `inference.local` itself and never dials it. With an `inference:` section that section decides;
 * without one, entries that name the host decide; without any, every program of the sandbox may ask, because a sandbox whose agent
 * cannot reach its model is of no use.
 */
import { isRecord } from "../canonical/record.ts";
import { readJson } from "../canonical/strict-json.ts";
import type { PolicyRequest } from "../types.ts";
import type { Caller } from "./binary.ts";
import type { CompiledPolicy } from "./compiled.ts";
import { readHead } from "./methods.ts";
import { quoted } from "./quoted.ts";
import { allow, deny, denyHard, type Verdict } from "./verdict.ts";

export const INFERENCE_HOST = "inference.local";
export const INFERENCE_RULE = "inference";
/** HTTPS by contract; plain HTTP for agents that cannot be given a certificate. */
const INFERENCE_PORTS = [443, 80];

/** Null: entries of the policy must decide. */
export function judgeInference(compiled: CompiledPolicy, request: PolicyRequest, caller: Caller): Verdict | null {
  const section = compiled.inference;
  if (section === null && compiled.exactHosts.has(INFERENCE_HOST)) return null;
  const head = request.method === undefined ? null : readHead(request, request.method);
  if (typeof head === "string") return denyHard(null, head);
  if (!INFERENCE_PORTS.includes(request.port)) return deny(INFERENCE_RULE, "The model host answers on port 443 only.");
  if (section === null)
    return allow(INFERENCE_RULE, "The policy has no `inference` section; its sandbox may ask its model.");
  if (!section.enabled) return deny(INFERENCE_RULE, "The policy's `inference` section is switched off.");
  if (section.binaries !== null && !section.binaries.some((binary) => binary.matches(caller)))
    return deny(INFERENCE_RULE, `The policy's \`inference\` section does not name ${quoted(caller.binary)}.`);
  const method = request.method?.toUpperCase();
  if (section.models === null || method === undefined || method === "GET" || method === "HEAD")
    return allow(INFERENCE_RULE, "The policy's `inference` section allows it.");
  if (request.body === undefined)
    return deny(INFERENCE_RULE, "The model's name must be judged, and the body is not known.");
  const model = modelAsked(request.path, request.body);
  if (model === null) return deny(INFERENCE_RULE, "The body names no model.");
  return modelAllowed(compiled, model)
    ? allow(INFERENCE_RULE, `The policy's \`inference\` section allows model ${quoted(model)}.`)
    : deny(INFERENCE_RULE, `The policy's \`inference\` section does not allow model ${quoted(model)}.`);
}

/** Gemini's own protocol says the model in the path; a body that names another one there is read by nobody. */
const NAMED_IN_PATH = /^\/v1beta\/models\/([A-Za-z0-9._-]+):[A-Za-z]+(?:\?|$)/;

export const modelInPath = (path: string | undefined): string | undefined => NAMED_IN_PATH.exec(path ?? "")?.[1];

/** The model that a request asks for; null when it names none, or more than one. */
export function modelAsked(path: string | undefined, body: string): string | null {
  const parsed = readJson(body);
  if (!parsed.ok || !isRecord(parsed.value)) return null;
  const { model } = parsed.value;
  const inPath = modelInPath(path);
  if (inPath !== undefined) return model === undefined ? inPath : null;
  return typeof model === "string" ? model : null;
}

/** For a router that knows the model before there is a request. */
export function modelAllowed(compiled: CompiledPolicy, model: string): boolean {
  const section = compiled.inference;
  return (
    section === null || (section.enabled && (section.models === null || section.models.some((glob) => glob(model))))
  );
}
