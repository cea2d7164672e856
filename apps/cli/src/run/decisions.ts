import { closeSync, openSync, writeSync } from "node:fs";
import type { DecisionRecord } from "@creel/protocol";
import { messageOf, usageError } from "../exit.ts";
import { jsonLine } from "../io.ts";

export interface DecisionFile {
  /** Throws when the file cannot be written: what cannot be recorded is denied. */
  take(record: DecisionRecord): void;
  close(): void;
}

/** Decisions whole, as JSON lines; without a file they go nowhere. */
export function openDecisionFile(file: string | undefined): DecisionFile {
  if (file === undefined) return { take: () => undefined, close: () => undefined };
  let descriptor: number;
  try {
    descriptor = openSync(file, "a", 0o600);
  } catch (error) {
    throw usageError(
      `decisions cannot be written: ${messageOf(error)}`,
      "Name a file in a folder that you may write.",
      "--decisions",
    );
  }
  return {
    take: (record) => void writeSync(descriptor, jsonLine(record)),
    close: () => closeSync(descriptor),
  };
}
