import { z } from "zod";
import { AGENT_REQUESTS_MAX, agentRequestAnswerSchema, agentRequestSchema } from "./agent-request.ts";
import { journalEntrySchema } from "./decision.ts";
import { desiredStateSchema, hostCapabilitiesSchema, modelInfoSchema, sandboxStatusSchema } from "./desired.ts";

/** Bumped only when an old peer could misread a message; fields are otherwise only added. */
export const PROTOCOL_VERSION = 1;
export const WS_FRAME_BYTES_MAX = 4 * 1024 * 1024;
export const JOURNAL_BATCH_MAX = 500;
export const LOG_CHUNK_BYTES_MAX = 64 * 1024;
export const EXEC_OUTPUT_BYTES_MAX = 256 * 1024;
export const HEARTBEAT_INTERVAL_MS = 5_000;
export const HEARTBEAT_TIMEOUT_MS = 15_000;

export const execRequestSchema = z.strictObject({
  sandboxId: z.uuid(),
  command: z.array(z.string().max(32_768)).min(1).max(256),
  timeoutMs: z.number().int().positive().max(600_000),
});
export const execResultSchema = z.strictObject({
  exitCode: z.number().int().nullable(),
  stdout: z.string(),
  stderr: z.string(),
  truncated: z.boolean(),
  error: z.string().max(2048).nullable(),
});
export type ExecRequest = z.infer<typeof execRequestSchema>;
export type ExecResult = z.infer<typeof execResultSchema>;

/** node -> hub */
export const nodeMessageSchema = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("hello"),
    protocol: z.number().int(),
    agentVersion: z.string().max(64),
    capabilities: hostCapabilitiesSchema,
    model: modelInfoSchema,
    /** Generation of the desired state on the node's disk; 0 when it has none. */
    generation: z.number().int().nonnegative(),
    /** Public half of the node's X25519 key, base64url: what its gateway alone may read is sealed to it. */
    sealingKey: z
      .string()
      .regex(/^[A-Za-z0-9_-]{43}$/)
      .optional(),
  }),
  z.strictObject({
    type: z.literal("heartbeat"),
    at: z.iso.datetime(),
    statuses: z.array(sandboxStatusSchema).max(1000),
  }),
  z.strictObject({ type: z.literal("status"), status: sandboxStatusSchema }),
  /** Answer to `desired`: the plan is on disk and in force (`ok`), or refused/failed with the reason. */
  z.strictObject({
    type: z.literal("plan_result"),
    planId: z.uuid(),
    generation: z.number().int().nonnegative(),
    ok: z.boolean(),
    reason: z.string().max(2048).nullable(),
  }),
  /** Journal lines in order. The hub stores each `(node, boot, seq)` once and answers `journal_ack`. */
  z.strictObject({
    type: z.literal("journal"),
    batch: z.number().int().nonnegative(),
    entries: z.array(journalEntrySchema).max(JOURNAL_BATCH_MAX),
  }),
  /** The droppable lane: a piece of a sandbox's output. `dropped` counts bytes lost before it. */
  z.strictObject({
    type: z.literal("log"),
    sandboxId: z.uuid(),
    incarnation: z.number().int().nonnegative(),
    /** Byte offset of `data` in the sandbox's log file. */
    offset: z.number().int().nonnegative(),
    data: z.string().max(LOG_CHUNK_BYTES_MAX * 2),
    dropped: z.number().int().nonnegative(),
  }),
  /** What agents ask people for, and have no answer to yet. The hub answers `agent_answers`. */
  z.strictObject({
    type: z.literal("agent_requests"),
    requests: z.array(agentRequestSchema).max(AGENT_REQUESTS_MAX),
  }),
  z.strictObject({ type: z.literal("exec_result"), commandId: z.uuid(), result: execResultSchema }),
  z.strictObject({ type: z.literal("renew"), csrPem: z.string().max(8192) }),
]);
export type NodeMessage = z.infer<typeof nodeMessageSchema>;

/** hub -> node */
export const hubMessageSchema = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("welcome"),
    protocol: z.number().int(),
    nodeId: z.uuid(),
    nodeName: z.string(),
    orgSlug: z.string(),
  }),
  z.strictObject({ type: z.literal("desired"), state: desiredStateSchema }),
  z.strictObject({ type: z.literal("journal_ack"), batch: z.number().int().nonnegative() }),
  z.strictObject({ type: z.literal("exec"), commandId: z.uuid(), request: execRequestSchema }),
  z.strictObject({
    type: z.literal("agent_answers"),
    answers: z.array(agentRequestAnswerSchema).max(AGENT_REQUESTS_MAX),
  }),
  z.strictObject({ type: z.literal("renewed"), certificatePem: z.string().max(16_384) }),
]);
export type HubMessage = z.infer<typeof hubMessageSchema>;

/** Body of `POST /v1/enroll` on the hub; the secret is single use, the key was made on the node. */
export const enrollRequestSchema = z.strictObject({
  protocol: z.number().int(),
  secret: z.string().min(20).max(256),
  csrPem: z.string().max(8192),
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
  capabilities: hostCapabilitiesSchema,
});
export type EnrollRequest = z.infer<typeof enrollRequestSchema>;
export const enrollResponseSchema = z.strictObject({
  nodeId: z.uuid(),
  nodeName: z.string(),
  orgSlug: z.string(),
  certificatePem: z.string(),
  hubUrl: z.url(),
});
export type EnrollResponse = z.infer<typeof enrollResponseSchema>;
