/** The model host, which the gateway answers itself. */
import type { Caller } from "../engine/binary.ts";
import { INFERENCE_HOST, judgeInference } from "../engine/inference.ts";
import type { Traced } from "./cause.ts";
import { type Asked, ended } from "./connection.ts";

/** Null: entries of the policy must decide. */
export function traceInference({ policy, compiled, request, trace }: Asked, caller: Caller): Traced | null {
  const verdict = judgeInference(compiled, request, caller);
  const section = policy.inference;
  const field = section === undefined ? null : "inference";
  if (verdict === null) {
    trace.add("skipped", "The `inference` section decides", `There is none, and entries name ${INFERENCE_HOST}.`);
    return null;
  }
  trace.add("holds", "It is the model host", "The gateway answers it itself and never dials it.", field);
  const question = "The model may be asked";
  if (verdict.allowed) return ended({ kind: "allowed_inference" }, question, field);
  const denied = (part: "port" | "disabled" | "binary" | "body" | "model", deciding: string | null): Traced =>
    ended({ kind: "inference", part }, question, deciding);
  // The probes ask the engine the same question with one condition after the other taken away.
  if (!judgeInference(compiled, { ...request, port: 443, method: undefined }, caller)?.allowed) {
    if (section?.enabled === false) return denied("disabled", "inference.enabled");
    return denied("binary", "inference.binaries");
  }
  if (!judgeInference(compiled, { ...request, method: undefined }, caller)?.allowed) return denied("port", null);
  return denied(verdict.reason.includes("does not allow model") ? "model" : "body", "inference.models");
}
