import { z } from "zod";
import { LaunchError } from "./errors.ts";

/** Where the agent lives inside. */
export const SANDBOX_HOME = "/sandbox";
export const SANDBOX_WORK = "/sandbox/work";
/** Unix socket addresses end at 107 bytes; `/shim.sock` needs ten of them. */
export const RUN_DIR_BYTES_MAX = 97;
const PATH_CHARS_MAX = 4095;
const ENTRIES_MAX = 256;
const WORD_CHARS_MAX = 131_072;

const MIB = 1024 * 1024;
/** The kernel's smallest quota is a hundredth of a core. */
const CPUS_MIN = 0.01;
const CPUS_MAX = 1024;

const absolutePath = z
  .string()
  .max(PATH_CHARS_MAX)
  .refine((p) => p.startsWith("/"), "must be an absolute path")
  .refine((p) => !p.split("/").includes(".."), "must not climb with ..")
  .refine((p) => !p.includes("\0"), "must not contain NUL");
const target = absolutePath.refine((p) => p.replaceAll("/", "") !== "", "must not be the root itself");
const word = z
  .string()
  .max(WORD_CHARS_MAX)
  .refine((w) => !w.includes("\0"), "must not contain NUL");

/** The same bound as in creel.h. */
const PROTECT_MAX = 128;
const protectedName = z
  .string()
  .min(1)
  .max(PATH_CHARS_MAX)
  .refine((p) => !p.startsWith("/"), "must be relative to the workspace")
  .refine((p) => !/(^|\/)\.{0,2}(\/|$)/.test(p.replace(/\/$/, "")), "must not have empty, . or .. parts")
  .refine((p) => !p.includes("\0"), "must not contain NUL");

export const sandboxSpecSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, "must be letters, digits, dot, dash, underscore; at most 64"),
  /** A directory of this user, mode 0700, for `shim.sock`. Short: socket paths end at 107 bytes. */
  runDir: absolutePath.refine(
    (p) => Buffer.byteLength(p) <= RUN_DIR_BYTES_MAX,
    `must be at most ${RUN_DIR_BYTES_MAX} bytes`,
  ),
  /** Receives `log`, `log.1`, `log.offset`, `exit.json`. */
  stateDir: absolutePath,
  command: z.array(word).min(1).max(ENTRIES_MAX),
  cwd: absolutePath.default(SANDBOX_WORK),
  /** The whole environment of the agent, over defaults for PATH, HOME, USER, LANG. Never a secret: the agent reads it. */
  env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be a variable name"), word).default({}),
  mounts: z
    .array(z.strictObject({ source: absolutePath, target, mode: z.enum(["ro", "rw"]), noexec: z.boolean().optional() }))
    .max(ENTRIES_MAX)
    .default([]),
  /** Generated, read-only files: a CA bundle, an agent's settings. */
  files: z
    .array(z.strictObject({ path: target, content: z.string(), mode: z.number().int().min(0).max(0o777).optional() }))
    .max(ENTRIES_MAX)
    .default([]),
  /** Nothing that the agent can write can be executed: not run, not loaded, not mapped as code. */
  noexec: z.boolean().default(false),
  /** The agent may make user namespaces inside, for a sandbox that it brings along; see seccomp.c for what that costs. */
  nestedUserns: z.boolean().default(false),
  /** `gpu`, or device files of the classes in devices.ts. */
  devices: z.array(word).max(ENTRIES_MAX).default([]),
  /** Names beneath the mount on /sandbox/work that the agent can neither change nor create; see protect.ts. */
  protect: z.array(protectedName).max(PROTECT_MAX).default([]),
  landlock: z.enum(["best_effort", "hard_requirement"]).default("best_effort"),
  /** Landlock paths; left out, everything visible may be read and writable mounts written. */
  readOnly: z.array(absolutePath).max(ENTRIES_MAX).optional(),
  readWrite: z.array(absolutePath).max(ENTRIES_MAX).optional(),
  /** The same smallest and largest values as in the policy language (packages/policy/src/schema/sandbox-fields.ts). */
  limits: z
    .strictObject({
      /** Threads count, too. Left out: 256. Refused forks are counted only for a limit asked for, where a cgroup can be had. */
      processes: z.number().int().min(1).max(100_000).optional(),
      openFiles: z.number().int().min(16).max(1_048_576).default(4096),
      tmpBytes: z
        .number()
        .int()
        .min(MIB)
        .default(256 * MIB),
      fileBytes: z.number().int().positive().optional(),
      logBytes: z
        .number()
        .int()
        .min(4096)
        .default(8 * MIB),
      /** All processes and memory file systems together. A sandbox beyond it ends, with cause `memory`. */
      memoryBytes: z.number().int().min(MIB).optional(),
      /** Cores, fractions allowed: it is slowed, never ended. Needs a cgroup; `status().limits` says whether it is in force. */
      cpus: z.number().min(CPUS_MIN).max(CPUS_MAX).optional(),
      /** Allocated blocks of all writable mounts together, what is there at the start included. Beyond it: cause `workspace`. */
      workspaceBytes: z.number().int().positive().optional(),
      /** Files and directories there, likewise. */
      workspaceFiles: z.number().int().positive().optional(),
    })
    .prefault({}),
  hostname: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "must be lower-case letters, digits, dash; at most 63")
    .default("sandbox"),
});
export type SandboxSpec = z.input<typeof sandboxSpecSchema>;
export type ParsedSpec = z.output<typeof sandboxSpecSchema>;

/** Throws LaunchError "spec" naming the first wrong field. */
export function parseSpec(spec: SandboxSpec): ParsedSpec {
  const result = sandboxSpecSchema.safeParse(spec);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const place = issue?.path.join(".") || "spec";
  throw new LaunchError({ layer: "spec", message: `${place}: ${issue?.message ?? "is not valid"}` });
}
