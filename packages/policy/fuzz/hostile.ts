import { compilePolicy, lintPolicy, parsePolicy } from "../src/browser.ts";
import { cpuMs } from "./clock.ts";
import { hostileFiles } from "./hostile-files.ts";

/** A file of a megabyte is refused or loaded in less. */
export const FILE_MS_MAX = 1_000;

export interface Measured {
  name: string;
  parseMs: number;
  lintMs: number;
  compileMs: number | null;
  outcome: string;
}

const timed = <T>(work: () => T): { value: T; ms: number } => {
  const began = cpuMs();
  const value = work();
  return { value, ms: cpuMs() - began };
};

function measureFile(name: string, text: string): Measured {
  const parsed = timed(() => parsePolicy(text));
  const linted = timed(() => lintPolicy(text, 0));
  const { policy, problems } = parsed.value;
  const compiled = policy === null ? null : timed(() => compilePolicy(policy));
  const errors = problems.filter((p) => p.severity === "error");
  const outcome = policy === null ? `${errors.length} errors: ${errors[0]?.message ?? ""}` : "loads";
  return { name, parseMs: parsed.ms, lintMs: linted.ms, compileMs: compiled?.ms ?? null, outcome };
}

/** Measures every hostile file; a slow one is measured again, so that a busy moment does not count. */
export function hostile(say: (line: string) => void, only: string | null = null): number {
  let slow = 0;
  const worst = { parse: { ms: 0, name: "" }, lint: { ms: 0, name: "" }, compile: { ms: 0, name: "" } };
  for (const [name, make] of Object.entries(hostileFiles)) {
    if (only !== null && !name.includes(only)) continue;
    const text = make();
    let measured = measureFile(name, text);
    if (Math.max(measured.parseMs, measured.lintMs, measured.compileMs ?? 0) > FILE_MS_MAX) {
      const again = measureFile(name, text);
      if (again.parseMs + again.lintMs < measured.parseMs + measured.lintMs) measured = again;
    }
    const figures = [measured.parseMs, measured.lintMs, measured.compileMs ?? 0];
    for (const [i, kind] of (["parse", "lint", "compile"] as const).entries())
      if ((figures[i] ?? 0) > worst[kind].ms) worst[kind] = { ms: figures[i] ?? 0, name };
    const over = Math.max(...figures) > FILE_MS_MAX;
    if (over) slow += 1;
    say(
      `${over ? "SLOW " : "     "}${name.padEnd(36)} parse ${figures[0]?.toFixed(0)} ms, lint ${figures[1]?.toFixed(0)} ms, compile ${figures[2]?.toFixed(0)} ms; ${measured.outcome.slice(0, 110)}`,
    );
  }
  for (const [kind, { ms, name }] of Object.entries(worst)) say(`worst ${kind}: ${ms.toFixed(0)} ms of CPU (${name})`);
  say(`${slow} files took longer than ${FILE_MS_MAX} ms`);
  return slow;
}
