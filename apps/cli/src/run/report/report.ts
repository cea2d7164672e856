/** Everything `creel run` says on stderr: denials as they happen, and the summary. Nothing of it ever goes to stdout. */
import type { DecisionDraft } from "@creel/gateway";
import type { DecisionRecord } from "@creel/protocol";
import { type Io, jsonLine, line, painter } from "../../io.ts";
import type { AllowOptions } from "./allow.ts";
import type { KeptRun } from "./kept.ts";
import { createLiveDenials } from "./live.ts";
import type { RunSummary } from "./run-summary.ts";
import { isUneventful, summaryLines } from "./summary.ts";
import { createTally, type Tally } from "./tally.ts";

export interface ReportOptions {
  io: Io;
  json: boolean;
  quiet: boolean;
}

export interface Report {
  /** Before a decision takes effect. */
  draft(draft: DecisionDraft): void;
  /** When it is complete: a denial at once, an allowed flow at its end, with why it never came to its server if it did not. */
  record(record: DecisionRecord, failure?: string): void;
  /** Words of our own, for people. */
  note(text: string): void;
  /** From here on lines go this way instead of to stderr. */
  writeTo(write: (text: string) => void): void;
  finish(end: RunEnd): Promise<void>;
}

export type RunEnd = Omit<RunSummary, "totals" | "reached" | "unreached" | "refused" | "allowing" | "keptAs"> &
  Pick<AllowOptions, "baseYaml" | "readOnlyFolders"> & {
    /** Keeps what was refused for `creel policy allow`; answers its name. */
    keep(run: KeptRun): string | null;
  };

export function createReport({ io, json, quiet }: ReportOptions): Report {
  const paint = painter(io.colour && io.terminal?.watches === true);
  const tally = createTally();
  const toStderr = (text: string): void => io.err(line(text));
  let write = toStderr;
  const say = (text: string): void => (json || quiet ? undefined : write(text));
  const live = createLiveDenials({ write: (text) => say(text), paint });

  return {
    draft(draft) {
      // A flow that would have been denied is recorded at its end; whoever watches wants to know now.
      if (draft.decision === "would_deny") live.take({ ...draft, seq: 0, bytesIn: 0, bytesOut: 0, durationMs: 0 });
    },
    record(record, failure) {
      tally.take(record, failure);
      if (json) io.err(jsonLine(record));
      else if (record.decision === "deny") live.take(record);
    },
    note: (text) => say(`creel: ${text}`),
    writeTo(other) {
      write = other;
    },
    async finish({ baseYaml, readOnlyFolders, keep, ...end }) {
      if (!json) live.end();
      write = toStderr;
      if (quiet && !json) return;
      const records = tally.refusedRecords();
      // Loaded only here: a run that was denied nothing, as most are, needs none of what makes rules.
      const make = records.length === 0 ? null : (await import("./allow.ts")).howToAllow;
      const allowing = make?.({ records, baseYaml, nowMs: Date.now(), readOnlyFolders }) ?? null;
      const keptAs =
        (allowing?.lines.length ?? 0) > 0 ? keep({ records, readOnlyFolders: [...readOnlyFolders] }) : null;
      const summary = { ...end, ...listsOf(tally), allowing, keptAs };
      if (json) io.err(jsonLine({ summary: dataOf(summary) }));
      else if (!isUneventful(summary)) for (const text of ["", ...summaryLines(summary, paint)]) write(text);
    },
  };
}

const listsOf = (tally: Tally): Pick<RunSummary, "totals" | "reached" | "unreached" | "refused"> => ({
  totals: tally.totals(),
  reached: tally.reached(),
  unreached: tally.unreached(),
  refused: tally.refused(),
});

/** The summary for programs: `allow` is the whole policy that would do. */
function dataOf({ allowing, commandName: _name, ...rest }: RunSummary): object {
  return {
    ...rest,
    suggestion: allowing === null ? null : { yaml: allowing.yaml, refused: allowing.refused },
  };
}
