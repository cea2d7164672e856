/**
 * The smallest edit that allows one request. Threat: an approval that opens more than what was asked. Invariant: only this program
 * gains, only this host, port, method and path; entries of other programs are never touched; the result is parsed and judged before
 * it is returned.
 */
import { isMap, isSeq, parseDocument } from "yaml";
import { canonicalJson } from "../canonical/json.ts";
import { compileGlob } from "../glob.ts";
import type { Policy, PolicyEntry } from "../model.ts";
import { parsePolicy } from "../parse.ts";
import { printDocument } from "../print/document.ts";
import { PolicyEditError } from "./error.ts";
import { freshKey } from "./fresh-key.ts";
import {
  canonicalRequest,
  decideWanted,
  isAllowed,
  literalGlob,
  parseOrThrow,
  type RuleRequest,
  type Wanted,
} from "./request.ts";
import { endpointSnippet, entrySnippet, ruleSnippet } from "./rule-snippets.ts";
import { appendItem, type Snippet, spliceEntry } from "./splice.ts";

export { PolicyEditError };

/** Returns the edited text, or the same text when the request is allowed already. Throws PolicyEditError when no edit can allow it. */
export function addRule(yamlText: string, request: RuleRequest): string {
  return addRuleTo(yamlText, parseOrThrow(yamlText), request);
}

/** The same for a text that has been read already: `before` is what it means. */
export function addRuleTo(yamlText: string, before: Policy, request: RuleRequest): string {
  const wanted = canonicalRequest(request);
  if (isAllowed(before, wanted)) return yamlText;
  refuseWhatInspectsDeeper(before, wanted);
  for (const edit of [spliceRule, editDocument]) {
    const after = edit(yamlText, before, wanted);
    if (after === null) continue;
    const { policy } = parsePolicy(after);
    if (policy === null || !othersUnchanged(before, policy, wanted)) continue;
    if (isAllowed(policy, wanted)) return after;
    const { reason } = decideWanted(policy, wanted);
    throw new PolicyEditError(`A new rule would not allow this. ${reason} Change that rule first.`);
  }
  throw new PolicyEditError("The file's layout leaves no safe place for a new rule. Add it by hand.");
}

/** Where bodies are judged, a rule for method and path alone would undo that. */
function refuseWhatInspectsDeeper(policy: Policy, wanted: Wanted): void {
  for (const [key, entry] of Object.entries(policy.network_policies))
    for (const endpoint of entry.endpoints) {
      if (endpoint.protocol === undefined || endpoint.protocol === "tcp" || endpoint.protocol === "rest") continue;
      if (
        endpoint.host !== wanted.host ||
        !endpoint.ports.includes(wanted.port) ||
        !entry.binaries.some((b) => compileGlob(b.path, { separator: "/" })(wanted.binary))
      )
        continue;
      if (
        wanted.path !== null &&
        endpoint.path !== undefined &&
        !compileGlob(endpoint.path, { separator: "/" })(wanted.path)
      )
        continue;
      throw new PolicyEditError(
        `Entry \`${key}\` judges this host by protocol ${endpoint.protocol}; change its rules instead, because a rule for method and path would undo them.`,
      );
    }
}

/** Everything but the entry that gained reads as before, and that entry is this program's alone. */
function othersUnchanged(before: Policy, after: Policy, wanted: Wanted): boolean {
  const changed = Object.keys(after.network_policies).filter(
    (key) => canonicalJson(after.network_policies[key]) !== canonicalJson(before.network_policies[key] ?? null),
  );
  const rest = (policy: Policy) =>
    canonicalJson({
      ...policy,
      network_policies: Object.fromEntries(
        Object.entries(policy.network_policies).filter(([key]) => !changed.includes(key)),
      ),
    });
  const [key] = changed;
  const entry = key === undefined ? undefined : after.network_policies[key];
  return changed.length === 1 && entry !== undefined && rest(before) === rest(after) && belongsTo(entry, wanted.binary);
}

const belongsTo = (entry: PolicyEntry, binary: string): boolean => {
  const [only] = entry.binaries;
  return (
    entry.binaries.length === 1 &&
    only !== undefined &&
    only.path === literalGlob(binary) &&
    only.sha256 === undefined &&
    only.script === undefined &&
    only.inherit !== true
  );
};

interface Plan {
  where: "rules" | "endpoints" | "entry";
  key: string;
  endpoint: number;
  snippet: Snippet;
}

function planEdit(policy: Policy, wanted: Wanted): Plan {
  for (const [key, entry] of Object.entries(policy.network_policies)) {
    if (!belongsTo(entry, wanted.binary) || entry.expires_at !== undefined || entry.request !== undefined) continue;
    const at = entry.endpoints.findIndex(
      (e) =>
        e.host === wanted.host &&
        e.ports.length === 1 &&
        e.ports[0] === wanted.port &&
        e.protocol === "rest" &&
        e.rules !== undefined &&
        e.path === undefined &&
        e.enforcement === "enforce" &&
        (!wanted.encodedSlash || e.allow_encoded_slash === true),
    );
    if (at !== -1 && wanted.method !== null) return { where: "rules", key, endpoint: at, snippet: ruleSnippet(wanted) };
    if (entry.endpoints.some((e) => e.host === wanted.host))
      return { where: "endpoints", key, endpoint: 0, snippet: endpointSnippet(wanted) };
  }
  return {
    where: "entry",
    key: freshKey(policy, { verb: "allow", ...wanted }),
    endpoint: 0,
    snippet: entrySnippet(wanted),
  };
}

function spliceRule(text: string, policy: Policy, wanted: Wanted): string | null {
  const document = parseDocument(text, { uniqueKeys: false, merge: false, prettyErrors: false });
  const root = document.contents;
  if (!isMap(root)) return null;
  const plan = planEdit(policy, wanted);
  if (plan.where === "entry") return spliceEntry(text, root, plan.key, plan.snippet);
  const path = ["network_policies", plan.key, "endpoints", ...(plan.where === "rules" ? [plan.endpoint, "rules"] : [])];
  const list = document.getIn(path, true);
  return isSeq(list) ? appendItem(text, list, plan.snippet) : null;
}

/** Where text cannot be spliced, the document is edited; comments stay, spacing may change. */
function editDocument(text: string, policy: Policy, wanted: Wanted): string | null {
  const document = parseDocument(text, { uniqueKeys: false, merge: false, prettyErrors: false });
  const plan = planEdit(policy, wanted);
  const value: unknown = parseDocument(plan.snippet.flow).toJS();
  if (plan.where === "entry") document.setIn(["network_policies", plan.key], document.createNode(value));
  else if (plan.where === "endpoints")
    document.addIn(["network_policies", plan.key, "endpoints"], document.createNode(value));
  else document.addIn(["network_policies", plan.key, "endpoints", plan.endpoint, "rules"], document.createNode(value));
  return printDocument(document);
}
