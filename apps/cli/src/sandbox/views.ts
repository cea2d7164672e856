import { execResultSchema, sandboxStatusSchema } from "@creel/protocol";
import { z } from "zod";

/** What these commands read of the server's answers; fields that they do not use may be added there freely. */
export const sandboxSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  nodeName: z.string(),
  nodeConnected: z.boolean(),
  policyName: z.string(),
  policyVersion: z.number(),
  policyDigest: z.string(),
  desiredState: z.string(),
  incarnation: z.number(),
  agent: z.looseObject({ plugin: z.string() }),
  status: z.looseObject(sandboxStatusSchema.shape).nullable(),
});
export type SandboxView = z.infer<typeof sandboxSchema>;

/** Lists come bare; what has pages comes as `{items, …}`. */
export const listOf = <S extends z.ZodType>(item: S) =>
  z.union([z.array(item), z.looseObject({ items: z.array(item) }).transform((page) => page.items)]);

const logChunkSchema = z.looseObject({ endOffset: z.number(), data: z.string(), dropped: z.number() });
export const logsSchema = z.looseObject({ chunks: z.array(logChunkSchema), nextOffset: z.number() });
export const execSchema = z.looseObject(execResultSchema.shape);
