import { z } from "zod";
import { desiredExceptionSchema, EXCEPTIONS_PER_SANDBOX_MAX } from "./exception.ts";

export const POLICY_BYTES_MAX = 1024 * 1024;

export const agentPluginIds = [
  "pi",
  "claude",
  "codex",
  "opencode",
  "gemini",
  "qwen",
  "cline",
  "continue",
  "copilot",
  "openclaw",
  "command",
] as const;

/** What a sandbox runs, resolved from a blueprint. Holds no secret: credentials stay in the gateway. */
export const agentSpecSchema = z.strictObject({
  /** Which agent, or `command` for a plain argv. */
  plugin: z.enum(agentPluginIds),
  /** The task for an agent plugin. */
  prompt: z.string().max(32_768).optional(),
  /** argv for plugin `command`. */
  command: z.array(z.string().max(32_768)).max(256).optional(),
  model: z.string().max(256).optional(),
  env: z.record(z.string(), z.string()).optional(),
});
export type AgentSpec = z.infer<typeof agentSpecSchema>;

/** Ten years: longer than any agent is meant to live, and far below what a timer's arithmetic can hold. */
const SECONDS_MAX = 10 * 366 * 24 * 3600;

export const limitsSchema = z.strictObject({
  processesMax: z.number().int().positive().default(256),
  openFilesMax: z.number().int().positive().default(4096),
  tmpBytesMax: z
    .number()
    .int()
    .positive()
    .default(256 * 1024 * 1024),
  memoryBytesMax: z.number().int().positive().optional(),
  logBytesMax: z
    .number()
    .int()
    .positive()
    .default(8 * 1024 * 1024),
  /** Cores, fractions allowed. */
  cpusMax: z.number().positive().max(1024).optional(),
  workspaceBytesMax: z.number().int().positive().optional(),
  workspaceFilesMax: z.number().int().positive().optional(),
  /** The sandbox ends this long after its start. */
  lifetimeSecondsMax: z.number().int().positive().max(SECONDS_MAX).optional(),
  /** The sandbox ends when for this long it neither used the network nor wrote a line. */
  idleSecondsMax: z.number().int().positive().max(SECONDS_MAX).optional(),
  /** Connections open at once; the gateway has a bound of its own above this. */
  connectionsMax: z.number().int().positive().optional(),
  /** Of all its connections together, both ways. */
  bytesPerSecondMax: z.number().int().positive().optional(),
  requestsPerMinuteMax: z.number().int().positive().optional(),
});
export type Limits = z.infer<typeof limitsSchema>;

/** More than any agent was seen to need; all of a sandbox's sealed values still fit a plan beside a thousand others. */
export const CREDENTIALS_MAX = 64;
/** Values of a rotated credential that may still stand in an answer. */
export const CREDENTIALS_FORMER_MAX = 4;
/** A value of 16 KiB, sealed and in base64url. */
export const SEALED_CHARS_MAX = 24 * 1024;
/** By which a policy's `credentials:` and a sandbox's environment speak of a credential. */
export const CREDENTIAL_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

const sealedSchema = z
  .string()
  .max(SEALED_CHARS_MAX)
  .regex(/^[a-z0-9]+(\.[A-Za-z0-9_-]+){3}$/);
/**
 * A credential the sandbox may use, where its policy says. The plan names it; its value is added when the plan is sent, sealed to the
 * node for this generation (`@creel/protocol/sealing`), and is absent where the node named no key or may not have it any more.
 */
export const desiredCredentialSchema = z.strictObject({
  name: z.string().regex(CREDENTIAL_NAME),
  /** What the sandbox holds in the value's place. */
  placeholder: z.string().regex(/^[A-Za-z0-9_-]{12,256}$/),
  secretId: z.uuid(),
  version: z.number().int().positive(),
  sealed: sealedSchema.optional(),
  /** Replaced values, which answers are still searched for. */
  former: z
    .array(z.strictObject({ version: z.number().int().positive(), sealed: sealedSchema }))
    .max(CREDENTIALS_FORMER_MAX)
    .optional(),
});
export type DesiredCredential = z.infer<typeof desiredCredentialSchema>;

/** `quarantined`: stopped, kept whole, and started again by nothing but a release. */
export const desiredStates = ["running", "stopped", "quarantined"] as const;

export const desiredSandboxSchema = z.strictObject({
  id: z.uuid(),
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
  state: z.enum(desiredStates),
  /** How it ends when it may not run any more: after its grace (omitted), or at once. */
  end: z.enum(["grace", "kill"]).optional(),
  /** How often people let it out of a quarantine; omitted means never. A quarantine the node imposed by itself ends when this grows. */
  releases: z.number().int().nonnegative().optional(),
  /** Bumped to ask for a fresh start of the agent with the same workspace. */
  incarnation: z.number().int().nonnegative(),
  agent: agentSpecSchema,
  restart: z.strictObject({
    policy: z.enum(["never", "on-failure", "always"]),
    delayMs: z.number().int().min(0).max(3_600_000),
  }),
  limits: limitsSchema,
  policy: z.strictObject({
    /** `sha256:<hex>` of the policy's canonical form; the node recomputes it and refuses a mismatch. */
    digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
    version: z.number().int().positive(),
    yaml: z.string().max(POLICY_BYTES_MAX),
  }),
  credentials: z.array(desiredCredentialSchema).max(CREDENTIALS_MAX).optional(),
  /** What is allowed for a while beside the policy. */
  exceptions: z.array(desiredExceptionSchema).max(EXCEPTIONS_PER_SANDBOX_MAX).optional(),
});
export type DesiredSandbox = z.infer<typeof desiredSandboxSchema>;

/** Everything one node should be running. Immutable; a node refuses a generation older than the one it holds. */
export const desiredStateSchema = z.strictObject({
  planId: z.uuid(),
  generation: z.number().int().positive(),
  parent: z.number().int().nonnegative(),
  sandboxes: z.array(desiredSandboxSchema).max(1000),
});
export type DesiredState = z.infer<typeof desiredStateSchema>;

export const sandboxPhases = [
  "pending",
  "starting",
  "running",
  "waiting",
  "exited",
  "stopped",
  "failed",
  "quarantined",
] as const;

/** Why a sandbox ended. `lost`: nobody recorded it, as when the host itself went down. */
export const endCauses = [
  "exit",
  "signal",
  "memory",
  "processes",
  "workspace",
  "lifetime",
  "idle",
  "stopped",
  "killed",
  "quarantine",
  "lost",
] as const;
export type EndCause = (typeof endCauses)[number];

/** Enough to see whether it ends again and again for one reason; all statuses of a node fit one frame with them. */
export const ENDS_KEPT_MAX = 5;
/** One end of a sandbox, as it was when it happened. */
export const sandboxEndSchema = z.strictObject({
  /** When the node saw that it had ended. */
  at: z.iso.datetime(),
  startedAt: z.iso.datetime().nullable(),
  cause: z.enum(endCauses),
  exitCode: z.number().int().nullable(),
  reason: z.string().max(512),
});
export type SandboxEndRecord = z.infer<typeof sandboxEndSchema>;

/** A policy that reached the node and is not in force there: it does not parse, is not what its digest says, or cannot be held by the host. */
export const policyRefusalSchema = z.strictObject({
  digest: z.string().max(128),
  version: z.number().int().positive(),
  reason: z.string().max(2048),
  /** `kept`: the last valid one stays in force. `quarantined`: that one asked for the sandbox to be held. `none`: there was no valid one. */
  outcome: z.enum(["kept", "quarantined", "none"]),
});
export type PolicyRefusal = z.infer<typeof policyRefusalSchema>;

/** What the node says of one sandbox. */
export const sandboxStatusSchema = z.strictObject({
  id: z.uuid(),
  phase: z.enum(sandboxPhases),
  reason: z.string().max(2048),
  incarnation: z.number().int().nonnegative(),
  pid: z.number().int().nullable(),
  startedAt: z.iso.datetime().nullable(),
  exitCode: z.number().int().nullable(),
  restarts: z.number().int().nonnegative(),
  policyDigest: z.string().nullable(),
  generation: z.number().int().nonnegative(),
  /** Why it ended last; null while it runs or before it ever did. */
  cause: z.enum(endCauses).nullable().optional(),
  /** Its last ends, the newest first; they stay when it is started again. */
  ends: z.array(sandboxEndSchema).max(ENDS_KEPT_MAX).optional(),
  /** Until when the policy in force only watches; `forever` when it names no end; null when it is enforced. */
  monitorUntil: z
    .union([z.iso.datetime(), z.literal("forever")])
    .nullable()
    .optional(),
  /** The newest policy it was sent is not the one in force. */
  policyRefused: policyRefusalSchema.nullable().optional(),
  /** The node itself holds it in quarantine; `releases` is the count it was held at. */
  held: z
    .strictObject({ reason: z.string().max(2048), since: z.iso.datetime(), releases: z.number().int().nonnegative() })
    .nullable()
    .optional(),
});
export type SandboxStatus = z.infer<typeof sandboxStatusSchema>;

/** One enforcement layer on a host, as `creel doctor` reports it. */
export const capabilitySchema = z.strictObject({
  id: z.string().max(64),
  title: z.string().max(128),
  state: z.enum(["enforced", "weaker", "missing"]),
  detail: z.string().max(1024),
  remedy: z.string().max(1024).nullable(),
});
export const hostCapabilitiesSchema = z.strictObject({
  kernel: z.string().max(256),
  arch: z.string().max(32),
  landlockAbi: z.number().int().nonnegative(),
  layers: z.array(capabilitySchema).max(64),
});
export type Capability = z.infer<typeof capabilitySchema>;
export type HostCapabilities = z.infer<typeof hostCapabilitiesSchema>;

/** The model a node's router uses; a scripted one says so in `name` and `scripted`. */
export const modelInfoSchema = z.strictObject({
  provider: z.string().max(64),
  name: z.string().max(256),
  scripted: z.boolean(),
});
export type ModelInfo = z.infer<typeof modelInfoSchema>;
