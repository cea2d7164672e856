import { z } from "zod";

/**
 * Every queue and what its jobs carry. A payload holds ids only: the database holds the facts and decides, by
 * compare-and-set, who does the work; a job that arrives twice or late therefore does no harm.
 */
const inOrg = { orgId: z.uuid() };

export const queuePayloads = {
  /** Send one plan to its node. */
  "plan.deliver": z.strictObject({ ...inOrg, planId: z.uuid() }),
  /** Tell a node that a command waits for it. */
  "command.deliver": z.strictObject({ ...inOrg, commandId: z.uuid() }),
  /** Send one notice, or one digest of notices, to its channel. */
  "notice.deliver": z.strictObject({ ...inOrg, deliveryId: z.uuid() }),
  /** Look at a change whose time has come. */
  "change.settle": z.strictObject({ ...inOrg, changeId: z.uuid() }),
  /** Repeat what a crash lost: plans nobody took, commands that ran out of time. */
  sweep: z.strictObject({}),
} as const;

export type QueueName = keyof typeof queuePayloads;
export type QueuePayload<N extends QueueName> = z.infer<(typeof queuePayloads)[N]>;
export const queueNames: readonly QueueName[] = Object.keys(queuePayloads).filter(
  (name): name is QueueName => name in queuePayloads,
);
