/** The steps of one explanation. Bounded: the nearest misses are told, the rest is counted. */
import type { CompileOptions } from "../engine/compile.ts";
import type { Policy } from "../model.ts";
import type { Place, PolicyRequest } from "../types.ts";
import type { EndpointRef } from "./probe.ts";
import type { ExplainStep } from "./types.ts";

/** More answers to one question than this are counted, not listed: a person reads the nearest few. */
export const ANSWERS_MAX = 6;

export interface PolicyFile {
  policy: Policy;
  at(field: string): Place;
}

export interface Asked extends PolicyFile {
  request: PolicyRequest;
  nowMs: number;
  options: CompileOptions;
  trace: Trace;
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
export const endpointField = ({ key, index }: Pick<EndpointRef, "key" | "index">): string =>
  `${entryField(key)}.endpoints[${index}]`;

export const quoted = (text: string, max = 120): string => `\`${text.length > max ? `${text.slice(0, max)}…` : text}\``;
