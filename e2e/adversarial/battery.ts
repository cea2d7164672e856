/** Runs the cases against one contender, one after the other: what the host sees during a case belongs to that case. */
import type { Case, Contender, Result, Seen } from "./model.ts";
import { BEGAN, type Stage } from "./stage.ts";

export async function runBattery(
  contender: Contender,
  run: { stage: Stage; cases: readonly Case[]; onResult: (result: Result, seen: Seen | null) => void },
): Promise<Result[]> {
  const { stage, cases, onResult } = run;
  const results: Result[] = [];
  await contender.start(stage);
  try {
    for (const test of cases) {
      let last: Seen | null = null;
      const result = await tryOne(test, {
        contender,
        stage,
        onSeen: (seen) => {
          last = seen;
        },
      });
      results.push(result);
      onResult(result, last);
    }
  } finally {
    await contender.stop();
  }
  return results;
}

async function tryOne(
  test: Case,
  at: { contender: Contender; stage: Stage; onSeen: (seen: Seen) => void },
): Promise<Result> {
  const { contender, stage, onSeen } = at;
  const began = performance.now();
  const told = (verdict: Result["verdict"], why: string): Result => ({
    test,
    verdict,
    why,
    ms: performance.now() - began,
  });
  const lacking = test.needs.filter((need) => !contender.promises.has(need));
  if (lacking.length > 0) return told("none", `promises no ${lacking.join(", ")}`);
  if (test.run !== null && !contender.promises.has("door")) return told("none", "made of several sandboxes");
  stage.repair();
  await test.before?.(stage);
  const [hitsBefore, recordsBefore] = [stage.servers.hits.length, contender.records().length];
  try {
    const { code, out: printed } = await (test.run === null ? contender.run(test) : test.run(stage, test));
    if (!printed.includes(BEGAN)) return told("open", `the attack did not begin: ${printed.slice(0, 200)}`);
    const out = printed.replaceAll(`${BEGAN}\n`, "");
    let settling: Promise<void> | null = null;
    const seen: Seen = {
      settled() {
        settling ??= contender.settle().then(() => stage.servers.settle());
        return settling;
      },
      stage,
      code,
      out,
      get hits() {
        return stage.servers.hits.slice(hitsBefore);
      },
      get records() {
        return contender.records().slice(recordsBefore);
      },
    };
    onSeen(seen);
    const broken = /calls: there is no attack|SyntaxError|Cannot find module|\.sh: \d+: \S+: not found/.exec(out);
    if (broken !== null) return told("open", `the attack itself is broken: ${out.slice(0, 200)}`);
    const problem = await test.expect.check(seen);
    return problem === null ? told("held", test.expect.says) : told("open", problem);
  } catch (error) {
    return told("open", `could not be tried: ${error instanceof Error ? error.message : String(error)}`);
  }
}
