import { compare } from "../test/oracle/compare.ts";
import { known, unexplained } from "../test/oracle/known.ts";

const DIFFERENCES_SHOWN = 20;

/** The engine against the evaluator that was written from the documents. */
export function oracle(options: { seed: number; requests: number }, say: (line: string) => void): number {
  const result = compare({ ...options, differencesMax: 100_000 });
  say(
    `${result.requests} requests, ${result.policies} policies, seed ${options.seed}; ${result.refused} policies refused`,
  );
  for (const [step, count] of Object.entries(result.decisions).sort((a, b) => b[1] - a[1])) say(`  ${count} ${step}`);
  for (const { why, is } of known) say(`  explained: ${result.differences.filter(is).length} × ${why}`);
  const open = result.differences.filter(unexplained);
  const kinds = new Map<string, number>();
  for (const { engine, engineReason, oracle: other, oracleStep } of open) {
    const kind = `engine ${engine} (${engineReason.replace(/[`"][^`"]*[`"]|\S*[/\d]\S*/g, "_")}), oracle ${other} at ${oracleStep}`;
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  for (const [kind, count] of [...kinds].sort((a, b) => b[1] - a[1]).slice(0, DIFFERENCES_SHOWN)) {
    say(`DIFFERENCE ${count} × ${kind}`);
    const one = open.find(
      (d) =>
        `engine ${d.engine} (${d.engineReason.replace(/[`"][^`"]*[`"]|\S*[/\d]\S*/g, "_")}), oracle ${d.oracle} at ${d.oracleStep}` ===
        kind,
    );
    say(`  ${JSON.stringify(one?.request)}\n  ${one?.engineReason}\n  ${one?.policyText}`);
  }
  say(`${open.length} differences unexplained`);
  return open.length;
}
