import type { DecisionRecord } from "@creel/protocol";
import type { Unreached } from "./unreached.ts";

/**
 * Threat: a sandbox that asks for a new name a million times fills this process's memory, or buries what matters. Invariant: what is
 * kept is bounded; beyond the bound it is counted and said so.
 */
export const PLACES_MAX = 500;
/** Distinct requests kept for "to allow this, add:"; more than anybody reviews. */
export const REFUSED_KEPT_MAX = 2_000;

export interface Place {
  host: string;
  port: number;
  /** Programs that asked, as the kernel named them; the first few. */
  programs: string[];
  connections: number;
  requests: number;
  bytesIn: number;
  bytesOut: number;
}

export interface Refusal {
  kind: DecisionRecord["kind"];
  decision: "deny" | "would_deny";
  host: string;
  port: number;
  method: string | null;
  path: string | null;
  program: string | null;
  rule: string | null;
  reason: string;
  count: number;
}

export interface Tally {
  /** `failure`: why an allowed flow never came to its server. */
  take(record: DecisionRecord, failure?: string): void;
  reached(): Place[];
  unreached(): Unreached[];
  /** Denials first, then the most frequent. */
  refused(): Refusal[];
  /** One record of each refusal. */
  refusedRecords(): DecisionRecord[];
  totals(): Totals;
}

export interface Totals {
  allowed: number;
  /** Of those: never came to their server. */
  unreached: number;
  denied: number;
  wouldDeny: number;
  /** Decisions about places or requests beyond the bounds: counted above, listed nowhere. */
  unlisted: number;
}

const PROGRAMS_PER_PLACE_MAX = 5;

export function createTally(): Tally {
  const places = new Map<string, Place>();
  const refusals = new Map<string, { refusal: Refusal; record: DecisionRecord }>();
  const failures = new Map<string, Unreached>();
  const totals: Totals = { allowed: 0, unreached: 0, denied: 0, wouldDeny: 0, unlisted: 0 };

  return {
    take(record, failure) {
      if (record.decision === "allow") totals.allowed += 1;
      else if (record.decision === "deny") totals.denied += 1;
      else totals.wouldDeny += 1;
      if (failure !== undefined) totals.unreached += 1;
      if (record.decision !== "deny" && record.kind !== "dns") {
        const listed = failure === undefined ? reach(places, record) : miss(failures, record, failure);
        if (!listed) totals.unlisted += 1;
      }
      if (record.decision !== "allow" && !refuse(refusals, record, record.decision)) totals.unlisted += 1;
    },
    reached: () => [...places.values()].sort((a, b) => b.requests + b.connections - a.requests - a.connections),
    unreached: () => [...failures.values()].sort((a, b) => b.count - a.count),
    refused: () => [...refusals.values()].map(({ refusal }) => refusal).sort(deniedFirst),
    refusedRecords: () => [...refusals.values()].map(({ record }) => record),
    totals: () => ({ ...totals }),
  };
}

const deniedFirst = (a: Refusal, b: Refusal): number =>
  Number(a.decision === "would_deny") - Number(b.decision === "would_deny") || b.count - a.count;

/** False when it is one too many. */
function miss(failures: Map<string, Unreached>, { host, port }: DecisionRecord, reason: string): boolean {
  const key = JSON.stringify([host, port, reason]);
  const known = failures.get(key);
  if (known !== undefined) known.count += 1;
  else if (failures.size >= PLACES_MAX) return false;
  else failures.set(key, { host, port, reason, count: 1 });
  return true;
}

/** False when the place is one too many. */
function reach(places: Map<string, Place>, record: DecisionRecord): boolean {
  const key = `${record.host}:${record.port}`;
  let place = places.get(key);
  if (place === undefined) {
    if (places.size >= PLACES_MAX) return false;
    const { host, port } = record;
    place = { host, port, programs: [], connections: 0, requests: 0, bytesIn: 0, bytesOut: 0 };
    places.set(key, place);
  }
  if (record.method === null) place.connections += 1;
  else place.requests += 1;
  place.bytesIn += record.bytesIn;
  place.bytesOut += record.bytesOut;
  const program = record.binary?.path;
  if (program !== undefined && place.programs.length < PROGRAMS_PER_PLACE_MAX && !place.programs.includes(program))
    place.programs.push(program);
  return true;
}

/** What makes two refusals the same line: everything but time and process. */
export const refusalKey = ({ kind, host, port, method, path, binary, rule, reason }: DecisionRecord): string =>
  JSON.stringify([kind, host, port, method, path, binary?.path ?? null, rule, reason]);

function refuse(
  refusals: Map<string, { refusal: Refusal; record: DecisionRecord }>,
  record: DecisionRecord,
  decision: "deny" | "would_deny",
): boolean {
  const key = refusalKey(record);
  const known = refusals.get(key);
  if (known !== undefined) {
    known.refusal.count += 1;
    return true;
  }
  if (refusals.size >= REFUSED_KEPT_MAX) return false;
  const { kind, host, port, method, path, rule, reason } = record;
  const program = record.binary?.path ?? null;
  refusals.set(key, { record, refusal: { kind, decision, host, port, method, path, program, rule, reason, count: 1 } });
  return true;
}
