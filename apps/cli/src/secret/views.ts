import { z } from "zod";

/** What these commands read of the server's answers; fields that they do not use may be added there freely. */
export const secretSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  version: z.number(),
  rotatedAt: z.string(),
  lastUsedAt: z.string().nullable(),
  formerUntil: z.string().nullable(),
  bindings: z.number(),
});
export const detailSchema = secretSchema.extend({
  bound: z.array(
    z.looseObject({
      id: z.string(),
      sandboxName: z.string().nullable(),
      scope: z.record(z.string(), z.array(z.string())).nullable(),
    }),
  ),
  users: z.array(
    z.looseObject({
      name: z.string(),
      nodeName: z.string(),
      policyName: z.string(),
      placeholder: z.string(),
      places: z.array(z.looseObject({ host: z.string(), ports: z.array(z.number()), path: z.string().optional() })),
    }),
  ),
});
export type SecretDetail = z.infer<typeof detailSchema>;
