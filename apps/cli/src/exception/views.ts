import { z } from "zod";

/** What these commands read of the server's answers; fields that they do not use may be added there freely. */
export const exceptionSchema = z.looseObject({
  id: z.string(),
  sandboxName: z.string(),
  binary: z.string(),
  host: z.string(),
  port: z.number(),
  method: z.string().optional(),
  path: z.string().optional(),
  once: z.boolean(),
  until: z.string(),
  state: z.string(),
  grantedBy: z.string(),
});
export const groupSchema = z.looseObject({
  key: z.string(),
  host: z.string(),
  port: z.number(),
  binary: z.string().nullable(),
  method: z.string().nullable(),
  pathPattern: z.string().nullable(),
  count: z.number(),
  lastAt: z.string(),
  sandboxCount: z.number(),
  notAllowable: z.string().nullable(),
});
/** `next` is absent where the server knows no pages yet. */
export const inboxPageSchema = z.looseObject({ items: z.array(groupSchema), next: z.string().nullish() });
export const grantedSchema = z.union([
  z.looseObject({ outcome: z.literal("proposed"), changeId: z.string() }),
  z.looseObject({ outcome: z.literal("applied"), exceptionIds: z.array(z.string()), until: z.string() }),
]);
export const endedSchema = z.looseObject({ exceptionId: z.string() });
export const markedSchema = z.looseObject({ groupKey: z.string() });

interface Asked {
  host: string;
  port: number;
  method?: string | null | undefined;
}
export const asked = ({ host, port, method }: Asked, path: string | null | undefined): string =>
  `${method ?? "connect"} ${host}:${port}${path ?? ""}`;
