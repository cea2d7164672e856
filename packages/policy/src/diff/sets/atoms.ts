/**
 * Atoms: the classes of texts that no predicate tells apart. Found by running all machines side by side over the shortest texts first,
 * so that every class that exists comes out, each with its shortest witness.
 */
import { ATOMS_MAX, BoundReached, type Budget } from "../bounds.ts";
import type { Machine, Token } from "./machines.ts";

export interface Atom {
  /** Whether each predicate holds, in their order. */
  bits: readonly boolean[];
  witness: string;
}

export interface AtomQuery {
  predicates: readonly Machine[];
  language: Machine;
  alphabet: readonly Token[];
  /** Indexes of predicates; only texts for which one of them can still hold are followed. */
  within?: readonly number[] | undefined;
}

export function atomsOf({ predicates, language, alphabet, within }: AtomQuery, budget: Budget): Atom[] {
  const machines = [...predicates, language];
  const start = machines.map((machine) => machine.start);
  const seen = new Set<string>([start.join()]);
  const queue: { states: readonly number[]; from: number; token: string }[] = [{ states: start, from: -1, token: "" }];
  const atoms = new Map<string, Atom>();
  for (let at = 0; at < queue.length; at++) {
    const { states } = queue[at] ?? { states: [] };
    budget.spend(1 + machines.length / 4);
    if (language.accepts(states[predicates.length] ?? 0)) {
      const bits = predicates.map((machine, i) => machine.accepts(states[i] ?? 0));
      const key = bits.map(Number).join("");
      if (!atoms.has(key) && (within === undefined || within.some((i) => bits[i] === true))) {
        atoms.set(key, { bits, witness: spell(queue, at) });
        if (atoms.size > ATOMS_MAX) throw new BoundReached("Too many classes of texts.");
      }
    }
    for (const token of tokensWorthTrying(machines, states, alphabet)) {
      budget.spend(1 + machines.length / 2);
      const spoken = language.next(states[predicates.length] ?? 0, token);
      if (language.dead(spoken)) continue;
      const next = predicates.map((machine, i) => machine.next(states[i] ?? 0, token));
      next.push(spoken);
      if (within?.every((i) => predicates[i]?.dead(next[i] ?? 0) !== false) === true) continue;
      const key = next.join();
      if (seen.has(key)) continue;
      seen.add(key);
      queue.push({ states: next, from: at, token: token.raw });
    }
  }
  return [...atoms.values()];
}

/** Of the characters that no machine tells from others in its state, one is enough. */
function tokensWorthTrying(
  machines: readonly Machine[],
  states: readonly number[],
  alphabet: readonly Token[],
): readonly Token[] {
  const marked = new Set<number>();
  for (const [i, machine] of machines.entries()) {
    const own = machine.marked(states[i] ?? 0);
    if (own === null) return alphabet;
    for (const code of own) marked.add(code);
  }
  let other = false;
  return alphabet.filter(({ raw }) => {
    if (raw.length > 1 || marked.has(raw.charCodeAt(0))) return true;
    const first = !other;
    other = true;
    return first;
  });
}

function spell(queue: readonly { from: number; token: string }[], last: number): string {
  const tokens: string[] = [];
  for (let at = last; at > 0; at = queue[at]?.from ?? 0) tokens.push(queue[at]?.token ?? "");
  return tokens.reverse().join("");
}
