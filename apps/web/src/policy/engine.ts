import {
  type Explanation,
  explainRequest,
  lintPolicy,
  type PolicyProblem,
  type PolicyRequest,
  type PolicyTestResult,
  parsePolicy,
  runPolicyTests,
} from "@creel/policy/browser";

export interface Judged {
  problems: PolicyProblem[];
  /** Null where the text is no valid policy. */
  tests: PolicyTestResult[] | null;
}

/** What the pages ask of the policy language: the code that the server and the nodes run, here on a thread of its own. */
export const engine = {
  lint: (given: { text: string; nowMs: number }): PolicyProblem[] => lintPolicy(given.text, given.nowMs),
  judge: (given: { text: string; nowMs: number }): Judged => ({
    problems: lintPolicy(given.text, given.nowMs),
    tests: parsePolicy(given.text).policy === null ? null : runPolicyTests(given.text, given.nowMs),
  }),
  explain: (given: {
    text: string;
    request: PolicyRequest;
    nowMs: number;
  }): Explanation | { problems: PolicyProblem[] } => explainRequest(given.text, given.request, given.nowMs),
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
