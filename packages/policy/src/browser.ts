/** Everything but the digest, which needs Node: what runs in a page. */
export { type AddressClass, addressClass, addressWithin, coverableClasses } from "./canonical/address.ts";
export { canonicalHost } from "./canonical/host.ts";
export { canonicalJson } from "./canonical/json.ts";
export { type CanonicalTarget, canonicalPath, parseQuery } from "./canonical/path.ts";
export { addRule, PolicyEditError, type RuleRequest } from "./edit/add-rule.ts";
export { type DiffLine, diffLines } from "./edit/diff-lines.ts";
export { type CompiledPolicy, type CompileOptions, compilePolicy } from "./engine/compile.ts";
export { decide } from "./engine/decide.ts";
export { INFERENCE_HOST, modelAllowed } from "./engine/inference.ts";
export { namesHost } from "./engine/names.ts";
export { planEndpoint } from "./engine/plan.ts";
export { compileGlob, type GlobMatcher, globProblem } from "./glob.ts";
export { lintPolicy } from "./lint/lint.ts";
export * from "./model.ts";
export { type ParseResult, parsePolicy } from "./parse.ts";
export * from "./types.ts";
