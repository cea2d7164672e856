import {
  diffPolicies,
  lintPolicy,
  type PolicyDiff,
  type PolicyProblem,
  type PolicyTestResult,
  parsePolicy,
  runPolicyTests,
} from "@creel/policy/browser";

export interface Comparison {
  /** Null where one of the texts is no valid policy; `incomparable` says which. */
  diff: PolicyDiff | null;
  incomparable: string | null;
  /** What lint finds in the newer text. */
  problems: PolicyProblem[];
  /** Null where the newer text is no valid policy. */
  tests: PolicyTestResult[] | null;
}

const compare = (given: { before: string; after: string; nowMs: number }): Comparison => {
  const { nowMs } = given;
  const after = parsePolicy(given.after).policy;
  const before = parsePolicy(given.before).policy;
  const judged = {
    problems: lintPolicy(given.after, nowMs),
    tests: after === null ? null : runPolicyTests(given.after, nowMs),
  };
  if (before === null || after === null) {
    const which = after === null ? "The newer text" : "The earlier version";
    return { ...judged, diff: null, incomparable: `${which} has errors, so only the lines can be compared.` };
  }
  return { ...judged, diff: diffPolicies(before, after, { nowMs }), incomparable: null };
};

/** What the pages ask of the policy language: the code that the server and the nodes run, here on a thread of its own. */
export const engine = {
  lint: (given: { text: string; nowMs: number }): PolicyProblem[] => lintPolicy(given.text, given.nowMs),
  compare,
} as const;

export type Engine = typeof engine;
export type EngineCall = keyof Engine;
export type Given<K extends EngineCall> = Parameters<Engine[K]>[0];
export type Returned<K extends EngineCall> = ReturnType<Engine[K]>;

export interface EngineQuestion {
  id: number;
  call: EngineCall;
  given: unknown;
}
export type EngineAnswer = { id: number; value: unknown } | { id: number; error: string };

/** Guarantee: `given` was made by `askEngine`, whose types tie it to `call`. */
export const answerOf = ({ call, given }: { call: EngineCall; given: unknown }): unknown =>
  (engine[call] as (given: unknown) => unknown)(given);
