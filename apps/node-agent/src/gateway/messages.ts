import {
  AGENT_REQUESTS_MAX,
  agentRequestAnswerSchema,
  agentRequestSchema,
  CREDENTIALS_MAX,
  desiredCredentialSchema,
  EXCEPTIONS_PER_SANDBOX_MAX,
  exceptionScopeSchema,
  modelInfoSchema,
  POLICY_BYTES_MAX,
} from "@creel/protocol";
import { z } from "zod";

/**
 * What node-agent and gateway process say to each other over the child's IPC channel. The gateway handles hostile traffic, so what
 * it says is parsed as strictly as anything from outside, and it can ask for nothing: it only answers and nudges.
 */
const bound = z.number().int().positive().optional();
const policyInForce = {
  yaml: z.string().max(POLICY_BYTES_MAX),
  digest: z.string(),
  generation: z.number().int().nonnegative(),
  /** What the fleet allows the sandbox of the network; the policy tightens it. */
  bounds: z.strictObject({ connections: bound, bytesPerSecond: bound, requestsPerMinute: bound }),
  /** Sealed as they came: the values are opened in the gateway's process and nowhere else. */
  credentials: z.array(desiredCredentialSchema).max(CREDENTIALS_MAX),
  /** With their ends as this host reckons them. */
  exceptions: z
    .array(exceptionScopeSchema.extend({ id: z.uuid(), once: z.boolean(), endsAtMs: z.number() }))
    .max(EXCEPTIONS_PER_SANDBOX_MAX),
};
const served = {
  id: z.uuid(),
  name: z.string(),
  runDir: z.string(),
  /** Files, so that the CA's key passes no message. */
  caCert: z.string(),
  caKey: z.string(),
  ...policyInForce,
};
export type ServedSandbox = z.infer<z.ZodObject<typeof served>>;
export type ServedPolicy = z.infer<z.ZodObject<typeof policyInForce>>;

const call = z.number().int().nonnegative();
export const toGatewaySchema = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("start"),
    journalDir: z.string(),
    labels: z.strictObject({ org: z.string(), node: z.string() }),
    resolve: z.record(z.string(), z.string()),
    upstreamCa: z.array(z.string()),
    nodeId: z.uuid(),
    /** A file, so that the key passes no message. */
    sealingKey: z.string(),
    /** A folder: which exceptions for once were used. */
    exceptionUses: z.string(),
    /** The gateway's time begins no earlier than this, whatever the host's clock says. */
    notBeforeMs: z.number().nonnegative(),
  }),
  z.strictObject({ type: z.literal("add"), call, sandbox: z.strictObject(served) }),
  z.strictObject({ type: z.literal("setPolicy"), call, id: z.uuid(), policy: z.strictObject(policyInForce) }),
  /** The policy in force stays; only the plan that names it is newer. */
  z.strictObject({
    type: z.literal("setGeneration"),
    call,
    id: z.uuid(),
    digest: z.string(),
    generation: z.number().int().nonnegative(),
  }),
  z.strictObject({ type: z.literal("remove"), call, id: z.uuid() }),
  z.strictObject({ type: z.literal("traffic"), call, id: z.uuid() }),
  /** What people answered to what agents asked for. */
  z.strictObject({
    type: z.literal("agentAnswers"),
    answers: z.array(agentRequestAnswerSchema).max(AGENT_REQUESTS_MAX),
  }),
]);
export type ToGateway = z.infer<typeof toGatewaySchema>;

/** Protocols that agents are told of; a backend may speak others besides. */
export const agentProtocols = ["openai-chat", "openai-responses", "anthropic-messages", "gemini"] as const;

/** The model the gateway's router answers with, as an agent has to be told of it. */
const servedModelSchema = z.strictObject({
  info: modelInfoSchema,
  /** The name requests use. */
  name: z.string().max(256),
  protocols: z.array(z.enum(agentProtocols)),
});
export type ServedModel = z.infer<typeof servedModelSchema>;

const amount = z.number().int().nonnegative();
/** The gateway's `Traffic`: how often something happened, and how much is under way. */
const traffic = z.strictObject({ count: amount, open: amount });

export const fromGatewaySchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("ready"), boot: z.uuid(), model: servedModelSchema }),
  z.strictObject({ type: z.literal("done"), call, error: z.string().max(4096).nullable() }),
  z.strictObject({ type: z.literal("traffic"), call, traffic: traffic.nullable() }),
  /** Something was written to the journal. */
  z.strictObject({ type: z.literal("journal") }),
  /** An agent asks people for something. Nothing follows from it here. */
  z.strictObject({ type: z.literal("agentRequest"), request: agentRequestSchema }),
  z.strictObject({ type: z.literal("problem"), text: z.string().max(4096) }),
]);
export type FromGateway = z.infer<typeof fromGatewaySchema>;
