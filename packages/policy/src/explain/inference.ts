/** The model host, which the gateway answers itself. */
import { INFERENCE_HOST, modelAsked } from "../engine/inference.ts";
import { ended, type InferencePart, type Traced } from "./cause.ts";
import { inferenceAllows } from "./probe.ts";
import type { Asked } from "./trace.ts";

/** Null: entries of the policy must decide. */
export function traceInference({ policy, request, trace }: Asked): Traced | null {
  const section = policy.inference;
  const named = Object.values(policy.network_policies).some((entry) =>
    entry.endpoints.some(({ host }) => host === INFERENCE_HOST),
  );
  if (section === undefined && named) {
    trace.add("skipped", "The `inference` section decides", `There is none, and entries name ${INFERENCE_HOST}.`);
    return null;
  }
  const field = section === undefined ? null : "inference";
  trace.add("holds", "It is the model host", "The gateway answers it itself and never dials it.", field);
  const question = "The model may be asked";
  if (inferenceAllows(policy, request)) return ended({ kind: "allowed_inference" }, question, field);
  const denied = (part: InferencePart, deciding: string | null): Traced =>
    ended({ kind: "inference", part }, question, deciding);
  if (section?.enabled === false) return denied("disabled", "inference.enabled");
  if (!inferenceAllows(policy, { ...request, port: 443, method: undefined }))
    return denied("binary", "inference.binaries");
  if (!inferenceAllows(policy, { ...request, method: undefined })) return denied("port", null);
  return denied(modelAsked(request.path, request.body ?? "") === null ? "body" : "model", "inference.models");
}
