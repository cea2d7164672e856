import type { AuditView } from "@creel/core";
import { stringify } from "csv-stringify/sync";

/** What an export can be: a table for people, or one JSON object a line for programs. */
export const exportFormats = {
  csv: { type: "text/csv; charset=utf-8; header=present", ending: "csv" },
  jsonl: { type: "application/x-ndjson; charset=utf-8", ending: "jsonl" },
} as const;
export type ExportFormat = keyof typeof exportFormats;
export const isExportFormat = (text: string): text is ExportFormat => Object.hasOwn(exportFormats, text);

const columns: Readonly<Record<string, (row: AuditView) => string | null>> = {
  at: (row) => row.at,
  action: (row) => row.action,
  actor_kind: (row) => row.actor.kind,
  actor_id: (row) => row.actor.id,
  actor: (row) => row.actor.label,
  resource_kind: (row) => row.resource.kind,
  resource_id: (row) => row.resource.id,
  resource: (row) => row.resource.label,
  changes: (row) => JSON.stringify(row.changes),
  request_id: (row) => row.requestId,
  source: (row) => row.source,
  id: (row) => row.id,
};

/**
 * Threat: a name that somebody gave a thing (`=HYPERLINK(…)`) is run as a formula by the auditor's spreadsheet. Invariant: a field that
 * begins as formulas do has a `'` in front, which spreadsheets show as text; in JSON lines everything stands as it is.
 */
const csvLines = (rows: readonly (readonly (string | null)[])[]): string =>
  stringify(
    rows.map((row) => row.map((field) => field ?? "")),
    { escape_formulas: true, record_delimiter: "windows" },
  );

/** The line that a table begins with. */
export const headOf = (format: ExportFormat): string => (format === "csv" ? csvLines([Object.keys(columns)]) : "");

export const linesOf = (format: ExportFormat, rows: readonly AuditView[]): string =>
  format === "jsonl"
    ? rows.map((row) => `${JSON.stringify(row)}\n`).join("")
    : csvLines(rows.map((row) => Object.values(columns).map((read) => read(row))));
