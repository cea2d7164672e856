import { DECISION_CREDENTIALS_MAX, DECISION_TEXT_CHARS_MAX, type DecisionRecord } from "@creel/protocol";

/** A decision before it has a place in the journal. */
export type DecisionDraft = Omit<DecisionRecord, "seq" | "bytesIn" | "bytesOut" | "durationMs">;

/** What a flow carried: `bytesIn` towards the sandbox, `bytesOut` away from it. */
export interface FlowTotals {
  bytesIn: number;
  bytesOut: number;
  durationMs: number;
  /** Why it never came to its server, where it did not. For whoever watches a run: it stands in no journal. */
  failure?: string;
}

/** Where decisions go. Invariant: nothing takes effect before `append` has resolved, and a rejection means deny. */
export interface DecisionSink {
  readonly boot: string;
  append(draft: DecisionDraft): Promise<number>;
  /** An allowed flow ended; `ref` is what `append` returned. Never throws. */
  end(ref: number, totals: FlowTotals): void;
  close(): Promise<void>;
}

const clip = (text: string): string =>
  text.length <= DECISION_TEXT_CHARS_MAX ? text : `${text.slice(0, DECISION_TEXT_CHARS_MAX - 1)}…`;
const clipOrNull = (text: string | null): string | null => (text === null ? null : clip(text));
const ANCESTORS_MAX = 64;
const NAME_CHARS_MAX = 128;
const namesOf = (names: readonly string[]): string[] =>
  names.slice(0, DECISION_CREDENTIALS_MAX).map((name) => name.slice(0, NAME_CHARS_MAX));

/** Cuts every text to what the protocol accepts: one over-long path must not make the hub refuse a whole batch. */
export function toRecord(draft: DecisionDraft, seq: number): DecisionRecord {
  return {
    ...draft,
    seq,
    binary: draft.binary && {
      path: clip(draft.binary.path),
      sha256: draft.binary.sha256,
      pid: draft.binary.pid,
      ancestors: draft.binary.ancestors.slice(0, ANCESTORS_MAX).map(clip),
      ...(typeof draft.binary.script === "string" ? { script: clip(draft.binary.script) } : {}),
      ...(typeof draft.binary.library === "string" ? { library: clip(draft.binary.library) } : {}),
    },
    host: clip(draft.host),
    protocol: clip(draft.protocol),
    method: clipOrNull(draft.method),
    path: clipOrNull(draft.path),
    rule: clipOrNull(draft.rule),
    reason: clip(draft.reason),
    bytesIn: 0,
    bytesOut: 0,
    durationMs: 0,
    ...(draft.credentials === undefined ? {} : { credentials: namesOf(draft.credentials) }),
  };
}

export const cleanTotals = (totals: FlowTotals): Omit<FlowTotals, "failure"> => ({
  bytesIn: Math.max(0, Math.round(totals.bytesIn)),
  bytesOut: Math.max(0, Math.round(totals.bytesOut)),
  durationMs: Math.max(0, Math.round(totals.durationMs)),
});
