import type { PolicyRequest } from "@creel/policy";
import { z } from "zod";

const text = z.string().max(65_536);
/** One line of `creel policy decide`; the field names are a public contract. Without `method` the connection is judged. */
const requestSchema = z.strictObject({
  id: z.union([z.string(), z.number()]).nullable().optional(),
  binary: text.min(1),
  sha256: text.optional(),
  ancestors: z.array(text).max(64).optional(),
  host: text.min(1),
  port: z.number().int().min(1).max(65_535),
  method: text.optional(),
  path: text.optional(),
  headers: z.record(z.string(), text).optional(),
  body: z.string().optional(),
  ip: text.optional(),
});

export type RequestId = string | number | null;
export type RequestLine =
  | { ok: true; id: RequestId; request: PolicyRequest }
  | { ok: false; id: RequestId; problem: string };

const idOf = (value: unknown): RequestId => {
  if (typeof value !== "object" || value === null || !("id" in value)) return null;
  return typeof value.id === "string" || typeof value.id === "number" ? value.id : null;
};

export function parseRequestLine(textLine: string): RequestLine {
  let value: unknown;
  try {
    value = JSON.parse(textLine);
  } catch (error) {
    return { ok: false, id: null, problem: `not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  const parsed = requestSchema.safeParse(value);
  if (!parsed.success) {
    const issues = parsed.error.issues.map((issue) => `${issue.path.join(".") || "the line"}: ${issue.message}`);
    return { ok: false, id: idOf(value), problem: issues.join("; ") };
  }
  const { id, ...request } = parsed.data;
  return { ok: true, id: id ?? null, request };
}
