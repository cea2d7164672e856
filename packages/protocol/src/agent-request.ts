import { z } from "zod";
import { exceptionScopeSchema } from "./exception.ts";

/** Of one message; a node asks again for what is not answered with each heartbeat. */
export const AGENT_REQUESTS_MAX = 256;
/** Enough to say what for; longer is not read by anybody. */
export const AGENT_REASON_CHARS_MAX = 1000;

/** Body of `POST http://creel.local/v1/requests`, from inside a sandbox. */
export const agentAskSchema = z.strictObject({
  host: z.string(),
  port: z.number(),
  method: z.string().optional(),
  path: z.string().optional(),
  /** Which program needs it; the one that asks when it is left out. */
  binary: z.string().optional(),
  reason: z.string().trim().min(1).max(AGENT_REASON_CHARS_MAX),
});

/** What an agent asks people for. `id` is made of sandbox and scope, so that the same thing is the same request. */
export const agentRequestSchema = exceptionScopeSchema.extend({
  id: z.uuid(),
  sandboxId: z.uuid(),
  /** A claim of the agent. */
  reason: z.string().max(AGENT_REASON_CHARS_MAX),
  /** The agent asked just now; otherwise the node only looks for the answer. */
  again: z.boolean(),
});
export type AgentRequest = z.infer<typeof agentRequestSchema>;

export const agentRequestStates = ["waiting", "allowed", "denied", "over"] as const;
export const agentRequestAnswerSchema = z.strictObject({
  id: z.uuid(),
  state: z.enum(agentRequestStates),
  answer: z.string().max(2048),
});
export type AgentRequestAnswer = z.infer<typeof agentRequestAnswerSchema>;
