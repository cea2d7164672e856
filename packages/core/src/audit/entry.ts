import type { AuditAction } from "./actions.ts";

export type Changes = Record<string, { from?: unknown; to?: unknown }>;

/** What a verb says of a mutation; who, when and whence are the context's. */
export interface AuditEntry {
  action: AuditAction;
  resource: { kind: string; id: string | null; label: string };
  changes?: Changes | undefined;
  /** Of persons' own channels, only those of these people are told. */
  toldOnly?: readonly string[] | undefined;
}
