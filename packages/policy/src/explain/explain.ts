/**
 * Why a request is decided as it is. Invariant: the decision is the engine's own; the steps retell it in its order, and where they
 * could not, the last step still says what the engine said.
 */
import { type CompileOptions, compilePolicy } from "../engine/compile.ts";
import { decide, isMonitoring } from "../engine/decide.ts";
import { openPolicy } from "../parse.ts";
import type { PolicyDecision, PolicyProblem, PolicyRequest } from "../types.ts";
import type { Traced } from "./cause.ts";
import { traceDecision } from "./decision.ts";
import { endpointField, type PolicyFile, type Trace } from "./trace.ts";
import { findTurn } from "./turn.ts";
import type { Explanation } from "./types.ts";

/** An invalid file has no decisions to explain: its problems are returned instead. Check with `"problems" in result`. */
export function explainRequest(
  yamlText: string,
  request: PolicyRequest,
  nowMs: number,
  options: CompileOptions = {},
): Explanation | { problems: PolicyProblem[] } {
  const { policy, problems, at } = openPolicy(yamlText);
  if (policy === null) return { problems };
  const compiled = compilePolicy(policy, options);
  const file: PolicyFile = { policy, at };
  const decision = decide(compiled, request, nowMs);
  const { trace, traced } = traceDecision(file, { request, nowMs, options });
  const deciding = conclude(file, trace, traced, decision, isMonitoring(compiled, nowMs));
  const found = findTurn(
    { text: yamlText, request, nowMs, options },
    { policy, cause: traced.cause, passes: decision.decision === "allow", denied: decision.decision === "deny" },
  );
  return { decision, steps: trace.steps, deciding: deciding === null ? null : at(deciding), ...found };
}

/** Adds the last steps: what decided, and what softened it. Returns the field that decided. */
function conclude(
  file: PolicyFile,
  trace: Trace,
  traced: Traced,
  decision: PolicyDecision,
  monitoring: boolean,
): string | null {
  const denied = decision.decision !== "allow";
  const last = trace.steps.at(-1);
  // The deny rule that holds has told all of it already.
  if (last?.title === traced.question) last.detail = withoutRepeats(decision.reason, last.detail);
  else if (last?.outcome === "fails" && denied && saysSame(last.detail, decision.reason)) {
    // The nearest miss and the reason are one: it is told once, where it stands.
    trace.steps.pop();
    trace.steps.push({ ...last, title: traced.question, detail: decision.reason });
  } else trace.add(denied ? "fails" : "holds", traced.question, decision.reason, traced.deciding);
  const deciding = traced.deciding ?? speakingEndpoint(traced, decision);
  if (decision.decision !== "would_deny") return deciding;
  const softening = traced.audit === null || monitoring ? "mode" : `${endpointField(traced.audit)}.enforcement`;
  const until = file.policy.monitor_until;
  const detail =
    softening === "mode"
      ? `Monitor mode lets it pass and records it${until === undefined ? "; it has no end" : ` until ${until}`}.`
      : "`enforcement: audit` lets it pass and records it.";
  trace.add("holds", "What would be denied passes", detail, softening);
  return deciding ?? softening;
}

/** Where no rule allows a request, the endpoint that speaks for it decided: its entry is the one that the decision names. */
function speakingEndpoint({ cause }: Traced, { rule }: PolicyDecision): string | null {
  if (cause.kind !== "missing" || rule === null) return null;
  const speaking = cause.speaking.find(({ key }) => key === rule);
  return speaking === undefined ? null : endpointField(speaking);
}

const plainWords = (text: string): string => text.toLowerCase().replace(/[.\s]+$/, "");

/** One of the two says all that the other does. */
const saysSame = (detail: string, reason: string): boolean =>
  plainWords(reason).includes(plainWords(detail)) || plainWords(detail).includes(plainWords(reason));

/** `Denied by x.deny_rules[0]` says already that the rule holds; of several, and in which reading, is news. */
function withoutRepeats(reason: string, detail: string): string {
  const rest = detail.replace(/^deny_rules\[\d+\] holds\.\s*/, "");
  return rest === "" || saysSame(rest, reason) ? reason : `${reason} ${rest}`;
}
