import { closeSync, openSync, writeSync } from "node:fs";
import type { DecisionRecord } from "@creel/protocol";
import { messageOf, usageError } from "../exit.ts";
import { type Io, jsonLine, line, printable } from "../io.ts";

/** One denial as a sentence for whoever watches the command. */
export function describeDecision(record: DecisionRecord): string {
  const verb = record.decision === "would_deny" ? "would deny" : "denied";
  const target =
    record.kind === "dns" ? `the name ${record.host}` : `${record.host}:${record.port}${record.path ?? ""}`;
  const what = record.method === null || record.kind === "dns" ? target : `${record.method} ${target}`;
  const who = record.binary === null ? "" : ` for ${record.binary.path}`;
  const rule = record.rule === null ? "" : ` [${record.rule}]`;
  return printable(`creel: ${verb} ${what}${who}: ${record.reason}${rule}`);
}

export interface DecisionLog {
  /** Throws when the file cannot be written: what cannot be recorded is denied. */
  take(record: DecisionRecord): void;
  close(): void;
}

/** Decisions go to the file whole, and to stderr: all of them as JSON, or one sentence per denial. */
export function openDecisionLog(file: string | undefined, json: boolean, io: Io): DecisionLog {
  let descriptor: number | null = null;
  if (file !== undefined) {
    try {
      descriptor = openSync(file, "a", 0o600);
    } catch (error) {
      throw usageError(
        `decisions cannot be written: ${messageOf(error)}`,
        "Name a file in a folder that you may write.",
        "--decisions",
      );
    }
  }
  return {
    take(record) {
      if (descriptor !== null) writeSync(descriptor, jsonLine(record));
      if (json) io.err(jsonLine(record));
      else if (record.decision !== "allow") io.err(line(describeDecision(record)));
    },
    close() {
      if (descriptor !== null) closeSync(descriptor);
    },
  };
}
