import type { PolicyRequest } from "@creel/policy";
import { z } from "zod";

const TEXT_CHARS_MAX = 65_536;
const ANCESTORS_MAX = 64;
const text = z.string().max(TEXT_CHARS_MAX);
/** One line of `creel policy decide`; the field names are a public contract. Without `method` the connection is judged. */
const requestSchema = z.strictObject({
  id: z.union([z.string(), z.number()]).nullable().optional(),
  binary: text.min(1),
  sha256: text.optional(),
  script: text.optional(),
  library: text.optional(),
  ancestors: z.array(text).max(ANCESTORS_MAX).optional(),
  host: text.min(1),
  port: z.number().int().min(1).max(65_535),
  method: text.optional(),
  path: text.optional(),
  headers: z.record(z.string(), text).optional(),
  body: z.string().optional(),
  ip: text.optional(),
});
/** What each field must be, in the words that answer a line where it is not. */
const EXPECTED: Readonly<Record<string, string>> = {
  id: "a text or a number is expected",
  binary: "the absolute path of the program is expected",
  ancestors: `a list of at most ${ANCESTORS_MAX} paths is expected`,
  host: "a host name or an IP address is expected",
  port: "a whole number from 1 to 65535 is expected",
  headers: "an object of names and texts is expected",
  ip: "an IP address is expected",
};
export const REQUEST_SHAPE =
  "{id?, binary, sha256?, script?, library?, ancestors?: [path], host, port, method?, path?, headers?, body?, ip?}";

export type RequestId = string | number | null;
export type RequestLine =
  | { ok: true; id: RequestId; request: PolicyRequest }
  /** `field`: the first field that is wrong; null when the line as a whole is. */
  | { ok: false; id: RequestId; field: string | null; problem: string };

const idOf = (value: unknown): RequestId => {
  if (typeof value !== "object" || value === null || !("id" in value)) return null;
  return typeof value.id === "string" || typeof value.id === "number" ? value.id : null;
};

export function parseRequestLine(textLine: string): RequestLine {
  let value: unknown;
  try {
    value = JSON.parse(textLine);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ok: false, id: null, field: null, problem: `not JSON: ${reason}` };
  }
  return parseRequest(value);
}

export function parseRequest(value: unknown): RequestLine {
  const parsed = requestSchema.safeParse(value);
  if (!parsed.success) {
    const issues = parsed.error.issues.map((issue) => issueWords(issue, value));
    const first = parsed.error.issues[0];
    // An unknown field is reported at the object that holds it.
    const field = first?.code === "unrecognized_keys" ? first.keys[0] : first?.path.join(".");
    return { ok: false, id: idOf(value), field: field || null, problem: issues.join("; ") };
  }
  const { id, ...request } = parsed.data;
  return { ok: true, id: id ?? null, request };
}

/** `port: a whole number from 1 to 65535 is expected`. */
function issueWords(issue: z.core.$ZodIssue, line: unknown): string {
  const [field, ...inner] = issue.path;
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => `${key}: a request has no such field`).join("; ");
  if (field === undefined) return "the line: one JSON object is expected";
  const place = issue.path.join(".");
  const name = String(field);
  if (typeof line === "object" && line !== null && !(name in line)) return `${place}: the field is missing`;
  if (issue.code === "too_big" && issue.origin === "string")
    return `${place}: it is longer than ${TEXT_CHARS_MAX} characters`;
  const expected = inner.length === 0 ? EXPECTED[name] : undefined;
  return `${place}: ${expected ?? "a text is expected"}`;
}
