/**
 * One line of a journal. Threat: a line that is nearly a record and is counted as another. Invariant: what is judged is checked by hand,
 * field by field, because a hundred thousand lines a second leave no time for more; a wrong line names its field.
 */
import { isRecord } from "../canonical/record.ts";
import { ANCESTORS_MAX } from "../limits.ts";
import type { PolicyDecision } from "../types.ts";
import { LINE_CHARS_MAX, LINE_TEXT_CHARS_MAX, RECORDED_TEXT_CHARS_MAX } from "./limits.ts";
import type { RecordedRequest } from "./types.ts";

/** A null record is a line that is no request: the end of a flow, or an empty line. */
export type RecordLine = { ok: true; record: RecordedRequest | null } | { ok: false; problem: string };

/**
 * Reads a decision record, a line of a node's journal, or a request line of `creel policy decide`, which may also say `time`,
 * `sandbox`, `decision`, `rule` and `reason`.
 */
export function parseRecordLine(text: string): RecordLine {
  if (text.length > LINE_CHARS_MAX)
    return { ok: false, problem: `The line is longer than ${LINE_CHARS_MAX} characters.` };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (text.trim() === "") return { ok: true, record: null };
    return { ok: false, problem: `The line is no JSON: ${error instanceof Error ? error.message : "unreadable"}.` };
  }
  if (!isRecord(value)) return { ok: false, problem: "The line is no JSON object." };
  try {
    if (value.type === "flow_end") return { ok: true, record: null };
    if (value.type === "decision") {
      if (!isRecord(value.record)) throw new LineProblem("record", "is no object");
      return { ok: true, record: readDecision(value.record) };
    }
    if (value.type !== undefined) throw new LineProblem("type", 'is neither "decision" nor "flow_end"');
    return { ok: true, record: typeof value.binary === "string" ? readRequest(value) : readDecision(value) };
  } catch (error) {
    if (error instanceof LineProblem) return { ok: false, problem: error.message };
    throw error;
  }
}

class LineProblem extends Error {
  constructor(field: string, what: string) {
    super(`Field \`${field}\` ${what}.`);
  }
}

type Fields = Record<string, unknown>;

/** Further fields are let be: the record may grow. */
function readDecision(value: Fields): RecordedRequest {
  const { binary } = value;
  if (binary !== null && !isRecord(binary))
    throw new LineProblem("binary", "is neither an object nor null, nor the path of a request line");
  const time = text(value, "time");
  if (Number.isNaN(Date.parse(time))) throw new LineProblem("time", "is no RFC 3339 time");
  return {
    time,
    sandbox: textOrNull(value, "sandbox"),
    kind: textOrNull(value, "kind"),
    binary: binary === null ? null : readBinary(binary),
    host: text(value, "host"),
    port: port(value, 0),
    protocol: textOrNull(value, "protocol"),
    method: textOrNull(value, "method"),
    path: textOrNull(value, "path"),
    decision: decision(value.decision),
    rule: textOrNull(value, "rule"),
    reason: reason(value),
  };
}

const readBinary = (binary: Fields): NonNullable<RecordedRequest["binary"]> => ({
  path: text(binary, "path"),
  sha256: textOrNull(binary, "sha256"),
  script: textOrNull(binary, "script"),
  library: textOrNull(binary, "library"),
  ancestors: ancestors(binary.ancestors),
});

/** People write these, so a misspelt field must not judge another request than was meant. */
const REQUEST_FIELDS = new Set(
  "id binary sha256 script library ancestors host port method path headers body ip protocol kind time sandbox decision rule reason".split(
    " ",
  ),
);

function readRequest(value: Fields): RecordedRequest {
  const unknown = Object.keys(value).find((key) => !REQUEST_FIELDS.has(key));
  if (unknown !== undefined) throw new LineProblem(unknown, "is none of a request line");
  const time = textOrNull(value, "time") ?? "";
  if (time !== "" && Number.isNaN(Date.parse(time))) throw new LineProblem("time", "is no RFC 3339 time");
  return {
    time,
    sandbox: textOrNull(value, "sandbox"),
    kind: textOrNull(value, "kind"),
    binary: {
      path: text(value, "binary"),
      sha256: textOrNull(value, "sha256"),
      script: textOrNull(value, "script"),
      library: textOrNull(value, "library"),
      ancestors: ancestors(value.ancestors),
    },
    host: text(value, "host"),
    port: port(value, 1),
    protocol: textOrNull(value, "protocol"),
    method: textOrNull(value, "method"),
    path: textOrNull(value, "path"),
    headers: headers(value.headers),
    body: textOrNull(value, "body"),
    ip: textOrNull(value, "ip"),
    decision: value.decision === undefined ? undefined : decision(value.decision),
    rule: textOrNull(value, "rule"),
    reason: reason(value),
  };
}

function text(value: Fields, field: string): string {
  const found = textOrNull(value, field);
  if (found === null) throw new LineProblem(field, "is missing");
  return found;
}

function textOrNull(value: Fields, field: string): string | null {
  const found = value[field];
  if (found === undefined || found === null) return null;
  if (typeof found !== "string") throw new LineProblem(field, "is no text");
  if (found.length > LINE_TEXT_CHARS_MAX && field !== "body")
    throw new LineProblem(field, `is longer than ${LINE_TEXT_CHARS_MAX} characters`);
  return found;
}

/** Only its beginning tells a cause; the bound keeps a made-up line from costing time. */
const reason = (value: Fields): string | null => textOrNull(value, "reason")?.slice(0, RECORDED_TEXT_CHARS_MAX) ?? null;

function port(value: Fields, min: number): number {
  const found = value.port;
  if (typeof found !== "number" || !Number.isInteger(found) || found < min || found > 65_535)
    throw new LineProblem("port", `is no whole number from ${min} to 65535`);
  return found;
}

function decision(found: unknown): PolicyDecision["decision"] {
  if (found === "allow" || found === "deny" || found === "would_deny") return found;
  throw new LineProblem("decision", "is none of allow, deny, would_deny");
}

function ancestors(found: unknown): string[] | null {
  if (found === undefined || found === null) return null;
  const isList = (value: unknown): value is string[] =>
    Array.isArray(value) && value.length <= ANCESTORS_MAX && value.every((item) => typeof item === "string");
  if (!isList(found)) throw new LineProblem("ancestors", `is no list of at most ${ANCESTORS_MAX} paths`);
  return found;
}

function headers(found: unknown): Record<string, string> | null {
  if (found === undefined || found === null) return null;
  if (!isRecord(found)) throw new LineProblem("headers", "is no object");
  const read: Record<string, string> = {};
  for (const [name, value] of Object.entries(found)) {
    if (typeof value !== "string") throw new LineProblem(`headers.${name}`, "is no text");
    read[name] = value;
  }
  return read;
}
