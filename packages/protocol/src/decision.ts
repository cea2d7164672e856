import { z } from "zod";

/** Length bounds keep one hostile sandbox from filling a journal or a table with a single record. */
export const DECISION_TEXT_CHARS_MAX = 4096;
const text = z.string().max(DECISION_TEXT_CHARS_MAX);

/** A request with more is named by the first of them. */
export const DECISION_CREDENTIALS_MAX = 8;

export const decisionKinds = ["dns", "connect", "http", "inference"] as const;
export const verdicts = ["allow", "deny", "would_deny"] as const;

/** Who opened the connection, as the kernel said at `connect()`; null when nobody vouched for it (then the answer is deny). */
export const binaryIdentitySchema = z.strictObject({
  path: text,
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable(),
  pid: z.number().int(),
  /** Executable paths of the parents, nearest first. */
  ancestors: z.array(text).max(64),
  /** The script an interpreter runs, where that cannot be forged; null or absent: not known. */
  script: text.nullable().optional(),
  /** A file from a place the agent may write whose code was mapped into the process; such a process has lost its name. */
  library: text.nullable().optional(),
});
export type BinaryIdentity = z.infer<typeof binaryIdentitySchema>;

/** One decision, as written to the journal and to `creel run --decisions`. The field names are a public contract: add, never change. */
export const decisionRecordSchema = z.strictObject({
  time: z.iso.datetime(),
  org: text,
  node: text,
  sandbox: text,
  seq: z.number().int().nonnegative(),
  kind: z.enum(decisionKinds),
  binary: binaryIdentitySchema.nullable(),
  host: text,
  port: z.number().int().min(0).max(65535),
  protocol: text,
  method: text.nullable(),
  path: text.nullable(),
  decision: z.enum(verdicts),
  /** Key of the entry that decided, e.g. `github`, or `inference` or `credentials`; null when none matched. */
  rule: text.nullable(),
  reason: text,
  policyDigest: text,
  generation: z.number().int().nonnegative(),
  bytesIn: z.number().int().nonnegative(),
  bytesOut: z.number().int().nonnegative(),
  durationMs: z.number().nonnegative(),
  /** Names of the credentials that the request carries; absent where it carries none. */
  credentials: z.array(z.string().max(128)).max(DECISION_CREDENTIALS_MAX).optional(),
});
export type DecisionRecord = z.infer<typeof decisionRecordSchema>;

/** What an allowed flow turned out to carry, written when it ends; `ref` is the `seq` of its decision in the same boot. */
export const flowEndSchema = z.strictObject({
  seq: z.number().int().nonnegative(),
  ref: z.number().int().nonnegative(),
  bytesIn: z.number().int().nonnegative(),
  bytesOut: z.number().int().nonnegative(),
  durationMs: z.number().nonnegative(),
});
export type FlowEnd = z.infer<typeof flowEndSchema>;

/** One line of the node's journal. `seq` is dense within a boot (one life of the gateway process); `(node, boot, seq)` is unique for ever. */
export const journalEntrySchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("decision"), boot: z.uuid(), record: decisionRecordSchema }),
  z.strictObject({ type: z.literal("flow_end"), boot: z.uuid(), flow: flowEndSchema }),
]);
export type JournalEntry = z.infer<typeof journalEntrySchema>;

export const journalSeq = (entry: JournalEntry): number =>
  entry.type === "decision" ? entry.record.seq : entry.flow.seq;
