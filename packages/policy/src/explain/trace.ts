/** The steps of one explanation. Bounded: the nearest misses are told, the rest is counted. */
import type { Endpoint, Policy } from "../model.ts";
import type { Place } from "../types.ts";
import type { ExplainStep } from "./types.ts";

/** More answers to one question than this are counted, not listed: a person reads the nearest few. */
export const ANSWERS_MAX = 6;

export interface PolicyFile {
  policy: Policy;
  at(field: string): Place;
}

export class Trace {
  readonly steps: ExplainStep[] = [];
  private readonly file: PolicyFile;

  constructor(file: PolicyFile) {
    this.file = file;
  }

  /** `field` null: no line of a file speaks of it. */
  add(outcome: ExplainStep["outcome"], title: string, detail: string, field: string | null = null): void {
    this.steps.push({ title, outcome, detail, place: field === null ? null : this.file.at(field) });
  }
}

export const entryField = (key: string): string => `network_policies.${key}`;

/** Where an endpoint stands; its entry when it is a copy that the file does not hold. */
export function endpointField(policy: Policy, key: string, endpoint: Endpoint): string {
  const index = policy.network_policies[key]?.endpoints.indexOf(endpoint) ?? -1;
  return index === -1 ? entryField(key) : `${entryField(key)}.endpoints[${index}]`;
}

export const quoted = (text: string, max = 120): string => `\`${text.length > max ? `${text.slice(0, max)}…` : text}\``;
