import type { Document } from "yaml";
import { checkCharacters } from "./check/characters.ts";
import type { CheckContext } from "./check/context.ts";
import { checkPolicy, type RawPolicy } from "./check/policy.ts";
import { POLICY_BYTES_MAX } from "./limits.ts";
import type { Policy } from "./model.ts";
import { policyFile } from "./schema/fields.ts";
import { readTree } from "./schema/read.ts";
import type { Place, PolicyProblem } from "./types.ts";
import { loadYaml } from "./yaml/load.ts";
import { Problems } from "./yaml/problems.ts";

export interface ParseResult {
  /** Null when there is any error; warnings do not hinder. */
  policy: Policy | null;
  /** Errors and warnings, in the order of the file. */
  problems: PolicyProblem[];
}

/** A file with what lint, explanation and edits need beside its meaning. */
export interface OpenedPolicy extends ParseResult {
  /** Where a field stands; the nearest enclosing place when it does not. */
  at(field: string): Place;
  /** Null when the text is no single plain YAML document. Made when it is first asked for: reading it costs more than the policy. */
  readonly document: Document.Parsed | null;
}

/** The reader has checked every field of `value` against `policyFile`; what was wrong is missing, which `RawPolicy` allows for. */
const asRawPolicy = (value: unknown): RawPolicy => value as RawPolicy;

/** Reads a policy file. All errors at once; the policy is null if there is one. */
export function parsePolicy(yamlText: string, _options: { file?: string } = {}): ParseResult {
  const { policy, problems } = openPolicy(yamlText);
  return { policy, problems };
}

/** The same, with the place of every field. */
export function openPolicy(yamlText: string): OpenedPolicy {
  const problems = new Problems();
  const yaml = loadYaml(yamlText, problems);
  if (yamlText.length <= POLICY_BYTES_MAX) checkCharacters(yamlText, problems);
  if (yaml === null) {
    if (!problems.hasErrors())
      problems.error("empty", { line: 1, column: 1, field: "" }, "The file is empty.", "Begin with `version: 1`.");
    const at = (field: string): Place => ({ line: 1, column: 1, field });
    return { policy: null, problems: problems.sorted(), at, document: null };
  }
  const tree = readTree(yaml, policyFile, problems);
  const opened = (policy: Policy | null): OpenedPolicy => ({
    policy,
    problems: problems.sorted(),
    at: tree.at,
    get document() {
      return yaml.document();
    },
  });
  if (tree.value === undefined) return opened(null);
  const ctx: CheckContext = { problems, at: tree.at };
  const policy = checkPolicy(ctx, asRawPolicy(tree.value));
  return opened(problems.hasErrors() ? null : policy);
}
