import { randomUUID } from "node:crypto";
import type { DecisionRecord } from "@creel/protocol";
import { cleanTotals, type DecisionSink, type FlowTotals, toRecord } from "./sink.ts";

export interface RecordSinkOptions {
  boot?: string;
  now?: () => number;
  /** Gets each complete record once: a denial at once, an allowed flow when it has ended. Throwing means deny. */
  onRecord: (record: DecisionRecord) => void;
}

/** The sink of one local run: contract records with their real bytes and duration, nothing kept on disk by us. */
export function createRecordSink(options: RecordSinkOptions): DecisionSink {
  const now = options.now ?? Date.now;
  const open = new Map<number, { record: DecisionRecord; startedAt: number }>();
  let nextSeq = 1;
  let closed = false;

  function finish(ref: number, totals: FlowTotals): void {
    const flow = open.get(ref);
    if (flow === undefined) return;
    open.delete(ref);
    options.onRecord({ ...flow.record, ...cleanTotals(totals) });
  }

  return {
    boot: options.boot ?? randomUUID(),
    async append(draft) {
      if (closed) throw new Error("The decision sink is closed; everything is denied.");
      const record = toRecord(draft, nextSeq);
      nextSeq += 1;
      if (record.decision === "deny") options.onRecord(record);
      else open.set(record.seq, { record, startedAt: now() });
      return record.seq;
    },
    end(ref, totals) {
      finish(ref, totals);
    },
    async close() {
      closed = true;
      for (const [ref, flow] of open) {
        finish(ref, { bytesIn: 0, bytesOut: 0, durationMs: now() - flow.startedAt });
      }
    },
  };
}
