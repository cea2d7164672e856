/** A file's own `tests:`. They judge the file that carries them, at the time that is passed in. */
import { PolicyEditError } from "../edit/add-rule.ts";
import { type CompileOptions, compilePolicy } from "../engine/compile.ts";
import { decide } from "../engine/decide.ts";
import type { Policy } from "../model.ts";
import { openPolicy } from "../parse.ts";
import type { Place } from "../types.ts";
import type { PolicyTestResult } from "./types.ts";

/** A policy that has been read already, with the place of its fields. */
export interface PlacedPolicy {
  policy: Policy;
  at(field: string): Place;
}

/** Every test in the order of the file. Throws PolicyEditError with `problems` when the text is no valid policy. */
export function runPolicyTests(
  file: string | PlacedPolicy,
  nowMs: number,
  options: CompileOptions = {},
): PolicyTestResult[] {
  const { policy, at } = typeof file === "string" ? openOrThrow(file) : file;
  // A file without tests must not pay for its indexes.
  if (policy.tests.length === 0) return [];
  const compiled = compilePolicy(policy, options);
  return policy.tests.map((test, index) => {
    const got = decide(compiled, test.request, nowMs);
    return {
      index,
      name: test.name ?? null,
      passed: got.decision === test.expect && (test.rule === undefined || test.rule === got.rule),
      expected: { decision: test.expect, rule: test.rule ?? null },
      got,
      place: at(`tests[${index}]`),
    };
  });
}

function openOrThrow(text: string): PlacedPolicy {
  const { policy, problems, at } = openPolicy(text);
  if (policy === null) throw new PolicyEditError("The file has errors; repair them first.", problems);
  return { policy, at };
}
