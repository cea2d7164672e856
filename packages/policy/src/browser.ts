/** Everything but the digest, which needs Node: what runs in a page. */
export { type AddressClass, addressClass, addressWithin, coverableClasses } from "./canonical/address.ts";
export { canonicalHost } from "./canonical/host.ts";
export { canonicalJson } from "./canonical/json.ts";
export { type CanonicalTarget, canonicalPath, parseQuery } from "./canonical/path.ts";
export { readCodes } from "./check/codes.ts";
export {
  type Completion,
  type CompletionOption,
  completePolicy,
  describeField,
  type FieldDescription,
} from "./complete/index.ts";
export { changeCovers, describeCaller, describeTextSet, diffPolicies, isGraver, riskGrades } from "./diff/index.ts";
export type * from "./diff/types.ts";
export { addDeny } from "./edit/add-deny.ts";
export { addRule } from "./edit/add-rule.ts";
export { type DiffLine, diffLines } from "./edit/diff-lines.ts";
export { PolicyEditError } from "./edit/error.ts";
export { removeItem } from "./edit/remove-item.ts";
export { type RuleTarget, removeRule } from "./edit/remove-rule.ts";
export type { RuleRequest } from "./edit/request.ts";
export { type CompileOptions, compilePolicy } from "./engine/compile.ts";
export type { CompiledPolicy } from "./engine/compiled.ts";
export {
  allowsUninspectedCredentials,
  bindsCredential,
  type CredentialPlan,
  credentialPlan,
  mayHoldCredential,
} from "./engine/credentials.ts";
export { decide } from "./engine/decide.ts";
export { INFERENCE_HOST, modelAllowed, modelAsked } from "./engine/inference.ts";
export { namesHost } from "./engine/names.ts";
export { planEndpoint } from "./engine/plan.ts";
export { exceptionRule, withExceptions } from "./exceptions/compile.ts";
export { exceptionProblem } from "./exceptions/problem.ts";
export type { EgressException, ExceptionUse } from "./exceptions/types.ts";
export { explainRequest, type PlacedPolicy, runPolicyTests } from "./explain/index.ts";
export type * from "./explain/types.ts";
export type { GlobMatcher } from "./glob/types.ts";
export { compileGlob, globProblem } from "./glob.ts";
export { POLICY_BYTES_MAX } from "./limits.ts";
export { type LintCode, lintCodes } from "./lint/codes.ts";
export { lintPolicy } from "./lint/lint.ts";
export * from "./model.ts";
export { type ParseResult, parsePolicy } from "./parse.ts";
export * from "./presets/index.ts";
export { formatPolicy } from "./print/format.ts";
export { printPolicy } from "./print/print.ts";
export { createReplay, parseRecordLine, type RecordLine, type Replay, type ReplayOptions } from "./replay/index.ts";
export { pathOnly, pathShape } from "./replay/path-shape.ts";
export type * from "./replay/types.ts";
export { policySchemaText } from "./schema/generated.ts";
export { type JsonSchema, policyJsonSchema } from "./schema/json-schema.ts";
export { policyReference } from "./schema/reference.ts";
export { createSuggestion, type SuggestionRun, type SuggestOptions } from "./suggest/index.ts";
export type * from "./suggest/types.ts";
export * from "./types.ts";
export { isVisible, visible, visibleLines } from "./visible.ts";
