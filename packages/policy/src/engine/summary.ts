/**
 * What is true of many endpoints together, at any moment: which is the first, whether one is inspected, how much body they need.
 * Entries expire, so the totals are kept per moment at which something ends, and a question about a time is one look-up.
 */
import { type Addresses, covers } from "./addresses.ts";
import type { CompiledEndpoint } from "./endpoint.ts";

export interface Totals {
  /** The first of the file. */
  first: CompiledEndpoint;
  inspected: boolean;
  /** Some endpoint has no `allowed_ips`. */
  anyPublic: boolean;
  /** Of the inspected ones. */
  encodedSlash: boolean;
  webSocketText: boolean;
  bodyBytesMax: number;
}

interface Step {
  /** The totals hold before this moment and from the next step's on. */
  untilMs: number;
  totals: Totals;
}

export class Summary {
  /** The latest end first: each step counts everything that ends at its moment or later. */
  private readonly steps: Step[] = [];
  private readonly endpoints: readonly CompiledEndpoint[];
  /** By the addresses they accept, which are few kinds; made when an address is known. */
  private byAddresses: { sample: CompiledEndpoint; summary: Summary }[] | null = null;

  /** In the order of the file. */
  constructor(endpoints: readonly CompiledEndpoint[]) {
    this.endpoints = endpoints;
    const lasting = endpoints.some((endpoint) => endpoint.entry.expiresAtMs !== Number.POSITIVE_INFINITY)
      ? [...endpoints].sort((a, b) => b.entry.expiresAtMs - a.entry.expiresAtMs)
      : endpoints;
    let totals: Totals | null = null;
    for (const endpoint of lasting) {
      totals = add(totals, endpoint);
      const last = this.steps.at(-1);
      const untilMs = endpoint.entry.expiresAtMs;
      if (last?.untilMs === untilMs) last.totals = totals;
      else this.steps.push({ untilMs, totals });
    }
  }

  /** Null: nothing is in force. */
  at(nowMs: number): Totals | null {
    let low = 0;
    let high = this.steps.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.steps[middle]?.untilMs ?? 0) > nowMs) low = middle + 1;
      else high = middle;
    }
    return this.steps[low - 1]?.totals ?? null;
  }

  /** The first in force that accepts every one of the addresses, whether there is any or none. */
  firstCovering(nowMs: number, addresses: Addresses): CompiledEndpoint | null {
    if (addresses.length === 0) return this.at(nowMs)?.first ?? null;
    this.byAddresses ??= splitByAddresses(this.endpoints, this);
    let first: CompiledEndpoint | null = null;
    for (const { sample, summary } of this.byAddresses) {
      if (!covers(sample, addresses)) continue;
      const own = summary.at(nowMs)?.first ?? null;
      if (own !== null && (first === null || own.order < first.order)) first = own;
    }
    return first;
  }
}

function add(totals: Totals | null, endpoint: CompiledEndpoint): Totals {
  const { inspected } = endpoint;
  const { allowed_ips, allow_encoded_slash, protocol } = endpoint.endpoint;
  const own: Totals = {
    first: endpoint,
    inspected,
    anyPublic: allowed_ips === undefined,
    encodedSlash: inspected && allow_encoded_slash === true,
    webSocketText: inspected && protocol === "websocket",
    bodyBytesMax: inspected ? endpoint.bodyBytesMax : 0,
  };
  return totals === null ? own : addTotals(totals, own);
}

/** The same object where nothing is added, so that thousands of like endpoints share their totals. */
export function addTotals(a: Totals, b: Totals): Totals {
  const adds =
    b.first.order < a.first.order ||
    (b.inspected && !a.inspected) ||
    (b.anyPublic && !a.anyPublic) ||
    (b.encodedSlash && !a.encodedSlash) ||
    (b.webSocketText && !a.webSocketText) ||
    b.bodyBytesMax > a.bodyBytesMax;
  if (!adds) return a;
  return {
    first: b.first.order < a.first.order ? b.first : a.first,
    inspected: a.inspected || b.inspected,
    anyPublic: a.anyPublic || b.anyPublic,
    encodedSlash: a.encodedSlash || b.encodedSlash,
    webSocketText: a.webSocketText || b.webSocketText,
    bodyBytesMax: Math.max(a.bodyBytesMax, b.bodyBytesMax),
  };
}

function splitByAddresses(endpoints: readonly CompiledEndpoint[], whole: Summary) {
  const kinds = new Map<string, CompiledEndpoint[]>();
  for (const endpoint of endpoints) {
    const kind = endpoint.endpoint.allowed_ips?.join() ?? "";
    const same = kinds.get(kind);
    if (same === undefined) kinds.set(kind, [endpoint]);
    else same.push(endpoint);
  }
  return [...kinds.values()].flatMap((same) => {
    const [sample] = same;
    if (sample === undefined) return [];
    return [{ sample, summary: kinds.size === 1 ? whole : new Summary(same) }];
  });
}
