import { z } from "zod";
import { auditActions } from "../audit/actions.ts";
import { PAGE_DEFAULT, PAGE_MAX } from "../limits.ts";
import { defineVerb } from "../verb.ts";
import type { AuditView } from "../views.ts";

export const listInput = z.strictObject({
  /** The id of the last row seen; older ones follow. */
  before: z.uuid().optional(),
  action: z.enum(auditActions).optional(),
  /** Exact label or id of who did it. */
  actor: z.string().max(256).optional(),
  /** A kind of thing, or the id of one. */
  resource: z.string().max(256).optional(),
  limit: z.number().int().min(1).max(PAGE_MAX).default(PAGE_DEFAULT),
});

export const list = defineVerb({
  name: "audit.list",
  kind: "query",
  gate: { by: "person", action: "read", on: "audit" },
  input: listInput,
  run: async (): Promise<{ items: AuditView[]; nextBefore: string | null }> => {
    throw new Error("not written yet");
  },
});
