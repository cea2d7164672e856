/** What whoever starts a sandbox needs of a policy: without what explains, compares and proposes them, which is four fifths of it. */

export { policyDigest } from "./digest.ts";
export { compilePolicy } from "./engine/compile.ts";
export type { CompiledPolicy } from "./engine/compiled.ts";
export { POLICY_BYTES_MAX } from "./limits.ts";
export { type ParseResult, parsePolicy } from "./parse.ts";
