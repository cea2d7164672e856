import { z } from "zod";

/** What these commands read of the server's answers; fields that they do not use may be added there freely. */
const heldSchema = z.looseObject({
  role: z.string(),
  scope: z.record(z.string(), z.array(z.string())).nullable(),
  via: z.string().nullable(),
  expiresAt: z.string().nullable(),
});
export type Held = z.infer<typeof heldSchema>;

export const memberSchema = z.looseObject({ userId: z.string(), email: z.string(), grants: z.array(heldSchema) });
export const grantSchema = z.looseObject({
  id: z.string(),
  subject: z.looseObject({ kind: z.string(), label: z.string() }),
  role: z.string(),
  scope: z.record(z.string(), z.array(z.string())).nullable(),
  expiresAt: z.string().nullable(),
});
export const verdictSchema = z.looseObject({ allowed: z.boolean(), sentence: z.string() });
export const endedSchema = z.looseObject({ sessionsEnded: z.number() });
