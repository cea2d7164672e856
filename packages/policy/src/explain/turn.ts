/**
 * The smallest edit that turns a decision. Each obstacle is taken away by its least edit, one after the other, and the whole is
 * verified by parsing the edited text and deciding again. Invariant: nothing is offered that was not seen to turn the decision.
 */
import { diffLines } from "../edit/diff-lines.ts";
import { type CompileOptions, compilePolicy } from "../engine/compile.ts";
import { decide } from "../engine/decide.ts";
import type { Policy } from "../model.ts";
import { openPolicy } from "../parse.ts";
import type { PolicyRequest } from "../types.ts";
import type { Cause } from "./cause.ts";
import { traceDecision } from "./decision.ts";
import { requestReadable } from "./probe.ts";
import { editsToAllow } from "./turn-allow.ts";
import { editsToDeny } from "./turn-deny.ts";
import { COMPARED_CHARS_MAX, changesBeyond } from "./turn-reach.ts";
import type { TurnEdit, TurnState } from "./turn-state.ts";
import type { Explanation } from "./types.ts";

/** Obstacles of one request: a deny rule, an address, a rule. More is no small change. */
const ROUNDS_MAX = 5;

/**
 * Text that is edited, read and judged again while a turn is looked for. Threat: a file of a megabyte, for which every edit takes half a
 * second. Ordinary files never come near.
 */
const TURN_CHARS_MAX = 4_000_000;

/** Edits that turn the decision and are compared with each other. */
const COMPARED_MAX = 4;

export interface TurnQuestion {
  text: string;
  request: PolicyRequest;
  nowMs: number;
  options: CompileOptions;
}

export interface Judged {
  policy: Policy;
  cause: Cause;
  passes: boolean;
  denied: boolean;
}

/** `start` is the file as it was explained, so that a large one is not read again. */
export function findTurn(question: TurnQuestion, start: Judged): Pick<Explanation, "turn" | "unturnable"> {
  const { cause } = start;
  if (cause.kind === "hard") return unturnable(`${cause.why} No policy file can turn this. ${cause.advice}`);
  const to = start.passes ? "deny" : "allow";
  const sentences: string[] = [];
  let beyond = false;
  const budget: Budget = { charsLeft: TURN_CHARS_MAX };
  let text = question.text;
  let now: Judged = start;
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const step = leastStep(question, { text, now, to, budget });
    if (step === null) break;
    sentences.push(step.edit.sentence);
    beyond ||= step.edit.beyond;
    ({ text } = step);
    now = step.judged;
    if (!turned(now, to)) continue;
    if (!now.denied && to === "deny")
      sentences.push("Monitor mode or audit still lets it pass, recorded as would_deny.");
    return {
      turn: { to, sentence: sentences.join(" "), beyond, yamlAfter: text, lines: diffLines(question.text, text) },
      unturnable: null,
    };
  }
  if (budget.charsLeft <= 0)
    return unturnable(
      "The file is so large that not every edit was tried, and none of those tried turned it. Change the rules named above by hand.",
    );
  return unturnable(whyNot(question.request, now.cause, to));
}

const unturnable = (why: string): Pick<Explanation, "turn" | "unturnable"> => ({ turn: null, unturnable: why });
const turned = (judged: Judged, to: "allow" | "deny"): boolean => judged.passes === (to === "allow");

function judge({ request, nowMs, options }: TurnQuestion, text: string): Judged | null {
  const { policy, at } = openPolicy(text);
  if (policy === null) return null;
  const compiled = compilePolicy(policy, options);
  const { decision } = decide(compiled, request, nowMs);
  const { cause } = traceDecision({ policy, at }, { request, nowMs, options }).traced;
  return { policy, cause, passes: decision === "allow", denied: decision === "deny" };
}

interface Budget {
  charsLeft: number;
}
interface Search {
  text: string;
  now: Judged;
  to: "allow" | "deny";
  budget: Budget;
}
interface Step {
  edit: TurnEdit;
  text: string;
  judged: Judged;
}

/**
 * An edit that turns the decision by itself goes before one that only takes an obstacle away, and among those the one that reaches
 * nobody else. Edits come least first; where every one reaches further, small files are compared and the least reach counts.
 */
function leastStep(question: TurnQuestion, { text, now, to, budget }: Search): Step | null {
  const { request, nowMs } = question;
  const state: TurnState = { text, policy: now.policy, request, nowMs, cause: now.cause };
  const isSmall = text.length <= COMPARED_CHARS_MAX;
  let helping: Step | null = null;
  const turning: Step[] = [];
  for (const edit of to === "allow" ? editsToAllow(state) : editsToDeny(state)) {
    if (budget.charsLeft <= 0) break;
    budget.charsLeft -= text.length;
    const after = edit.apply();
    if (after === null || after === text) continue;
    const judged = judge(question, after);
    if (judged === null || judged.cause.kind === "hard") continue;
    const step = { edit, text: after, judged };
    if (turned(judged, to)) {
      if (!edit.beyond) return step;
      turning.push(step);
      if (!isSmall || turning.length >= COMPARED_MAX) break;
    } else if (helping === null && obstacleGone(now.cause, judged.cause)) helping = step;
  }
  const [first] = turning;
  return turning.length > 1 ? leastReach(question, now.policy, turning) : (first ?? helping);
}

/** Where a comparison is not exact, the fixed order counts. */
function leastReach({ request, nowMs, options }: TurnQuestion, before: Policy, steps: readonly Step[]): Step | null {
  let least: { step: Step; reach: number } | null = null;
  for (const step of steps) {
    const reach = changesBeyond({ before, after: step.judged.policy, request, nowMs, options });
    if (reach === null) return steps[0] ?? null;
    if (least === null || reach < least.reach) least = { step, reach };
  }
  return least?.step ?? null;
}

/** Another kind of obstacle, or the next of the same kind, is progress. */
function obstacleGone(before: Cause, after: Cause): boolean {
  if (before.kind !== after.kind) return true;
  return obstacleOf(before) !== obstacleOf(after);
}

function obstacleOf(cause: Cause): string {
  switch (cause.kind) {
    case "denied":
      return JSON.stringify([cause.ref.at.key, cause.ref.at.endpoint.deny_rules]);
    case "allowed_connection":
    case "allowed_request":
      return JSON.stringify([cause.at.key, cause.at.endpoint]);
    case "inference":
      return cause.part;
    case "middleware":
      return cause.key;
    default:
      return "";
  }
}

/** Headers by which frameworks let one method act as another; a rule names one method only. */
const OVERRIDES = ["x-http-method-override", "x-http-method", "x-method-override"];
const hasHeader = (request: PolicyRequest, name: string): boolean =>
  Object.keys(request.headers ?? {}).some((key) => key.toLowerCase() === name);

function whyNot(request: PolicyRequest, cause: Cause, to: "allow" | "deny"): string {
  if (to === "allow" && request.method !== undefined && !requestReadable(request))
    return "Where requests are judged, this method or target is refused, because it can be read in more than one way. Send a plain one.";
  if (cause.kind === "library")
    return "The program cannot be known by its name. Keep what it loads where the agent cannot write and do without `nested_userns`, allow it to `/**`, or set `sandbox.writable_libraries: allow`, after which a name says no longer whose code asks.";
  if (cause.kind === "inference" && cause.part === "port")
    return "The model host answers on ports 443 and 80 only, whatever the file says. Ask it there.";
  if (cause.kind === "inference" && cause.part === "body")
    return "The model's name must be judged, and the body names none. Send a JSON body with `model`.";
  if (cause.kind === "missing" && cause.speaking.some(({ endpoint }) => endpoint.protocol !== "rest"))
    return "The endpoint judges bodies, and this request's body cannot be read as what it judges. Send a plain, uncompressed body in the protocol's form.";
  if (to === "allow" && OVERRIDES.some((name) => hasHeader(request, name)))
    return "A header names a second method, and the request is judged as both. Send it without that header.";
  return `No single edit of this file was found that would ${to} this request. Change the rules named above by hand.`;
}
