import type { PolicyRequest } from "@creel/policy";
import { z } from "zod";

const text = z.string().max(65_536);
/** One line of `creel policy decide`; the field names are a public contract. Without `method` the connection is judged. */
const requestSchema = z.strictObject({
  id: z.union([z.string(), z.number()]).nullable().optional(),
  binary: text.min(1),
  sha256: text.optional(),
  script: text.optional(),
  ancestors: z.array(text).max(64).optional(),
  host: text.min(1),
  port: z.number().int().min(1).max(65_535),
  method: text.optional(),
  path: text.optional(),
  headers: z.record(z.string(), text).optional(),
  body: z.string().optional(),
  ip: text.optional(),
});
export const REQUEST_SHAPE =
  "{id?, binary, sha256?, script?, ancestors?: [path], host, port, method?, path?, headers?, body?, ip?}";

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
    const issues = parsed.error.issues.map((issue) => `${issue.path.join(".") || "the line"}: ${issue.message}`);
    const first = parsed.error.issues[0];
    // An unknown field is reported at the object that holds it.
    const field = first?.code === "unrecognized_keys" ? first.keys[0] : first?.path.join(".");
    return { ok: false, id: idOf(value), field: field || null, problem: issues.join("; ") };
  }
  const { id, ...request } = parsed.data;
  return { ok: true, id: id ?? null, request };
}
