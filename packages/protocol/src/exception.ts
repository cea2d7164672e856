import { z } from "zod";

/** A week: what is needed for longer is a rule of the policy, which people read again. */
export const EXCEPTION_SECONDS_MAX = 7 * 24 * 3600;
/** Of one sandbox at one time; more than that is a policy. */
export const EXCEPTIONS_PER_SANDBOX_MAX = 64;

/** What an exception allows: one program, one host, one port, and where requests are read a method and a path pattern. */
export const exceptionScopeSchema = z.strictObject({
  binary: z.string().startsWith("/").max(4096),
  /** Its content; omitted means any content at that path. */
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  host: z.string().min(1).max(253),
  port: z.number().int().min(1).max(65_535),
  /** A method in capitals or `*`; omitted: the connection is relayed unread. */
  method: z
    .string()
    .regex(/^([A-Z][A-Z0-9-]{0,31}|\*)$/)
    .optional(),
  /** Only beside a method. */
  path: z.string().startsWith("/").max(2048).optional(),
});
export type ExceptionScope = z.infer<typeof exceptionScopeSchema>;

/**
 * Allowed for a while beside the sandbox's policy. It ends on the node, at `until` by the node's clock or after as long as lies between
 * the two instants from when the node received it, whichever is earlier; nobody has to say so.
 */
export const desiredExceptionSchema = exceptionScopeSchema.extend({
  id: z.uuid(),
  createdAt: z.iso.datetime(),
  until: z.iso.datetime(),
  /** For one request, or one connection where requests are not read. */
  once: z.boolean(),
});
export type DesiredException = z.infer<typeof desiredExceptionSchema>;
