import { figuresOf } from "../policy/measure.ts";
import type { Row } from "../policy/table.ts";
import type { Verb } from "./load.ts";
import { processorNs } from "./roles.ts";
import type { Subject } from "./stage.ts";

export interface Measured {
  subject: Subject;
  verb: Verb;
  name: string;
  note: string;
  input: object;
}

export interface Plan {
  rounds: number;
  warmUpRounds: number;
  /** Things done in one round; the row's unit is processor time for one of them. */
  perRound: number;
  perSecond: string;
}

/** Measurements on connections that are kept. */
const VERSIONS: Partial<Record<Verb, number>> = { http1: 1, http2: 2 };

/**
 * Microseconds of a core for one thing. Subjects take turns within each round, so that what else the machine does hits all alike; a
 * row's figures are over rounds, its latencies over all things of all rounds.
 */
export async function measureRows(measured: readonly Measured[], plan: Plan): Promise<Row[]> {
  const costs = measured.map((): number[] => []);
  const times = measured.map((): number[] => []);
  for (let round = 0; round < plan.warmUpRounds + plan.rounds; round++) {
    for (const [at, { subject, verb, input }] of measured.entries()) {
      const version = VERSIONS[verb];
      if (version !== undefined) await subject.load.ask("ready", { ...input, version });
      const before = processorNs(subject.pids);
      const taken = await subject.load.ask(verb, { ...subject.tcp, ...input, round });
      const spent = processorNs(subject.pids) - before;
      process.stderr.write(
        `${new Date().toISOString()} ${round} ${subject.name} ${verb} ${(spent / 1e3 / plan.perRound).toFixed(0)}\n`,
      );
      if (round < plan.warmUpRounds) continue;
      costs[at]?.push(spent / 1e3 / plan.perRound);
      for (const ms of taken) times[at]?.push(ms);
    }
  }
  const base = figuresOf(costs[0] ?? []).median;
  return measured.map(({ name, note }, at): Row => {
    const figures = figuresOf(costs[at] ?? []);
    const waited = figuresOf(times[at] ?? []);
    const rate = Math.round(1e6 / figures.median);
    const latency = `p50 ${waited.median.toFixed(2)} ms, p99 ${waited.p99.toFixed(2)} ms`;
    return { name, ...figures, base, note: `${rate} ${plan.perSecond}; ${latency}; ${note}` };
  });
}
