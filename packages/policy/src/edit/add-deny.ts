/**
 * The smallest edit that denies one request whatever else the policy allows, or will. Threat: a denial that opens something on its way, or
 * that another spelling slips past. Invariant: one entry of its own is added and nothing else changes; what it names is denied by a deny
 * rule, which beats every allow and holds in every reading; the result is parsed and judged before it is returned.
 */
import { isMap, parseDocument } from "yaml";
import { canonicalJson } from "../canonical/json.ts";
import { compilePolicy } from "../engine/compile.ts";
import { namesHost } from "../engine/names.ts";
import { compileGlob } from "../glob.ts";
import type { Policy } from "../model.ts";
import { parsePolicy } from "../parse.ts";
import { printDocument } from "../print/document.ts";
import { scalarText } from "../print/scalar.ts";
import { pathShape } from "../replay/path-shape.ts";
import { PolicyEditError } from "./error.ts";
import { freshKey } from "./fresh-key.ts";
import { canonicalRequest, decideWanted, literalGlob, parseOrThrow, type RuleRequest, type Wanted } from "./request.ts";
import { type Snippet, spliceEntry } from "./splice.ts";

/** Returns the edited text, or the same text when a deny rule names the request already. Throws PolicyEditError when no edit can deny it. */
export function addDeny(yamlText: string, request: RuleRequest, reason: string): string {
  const before = parseOrThrow(yamlText);
  const wanted = canonicalRequest(request);
  if (wanted.method === null)
    throw new PolicyEditError(
      "A deny rule judges requests, and this was a connection that nobody read. It stays denied while no entry names the host.",
    );
  if (isDeniedByRule(before, wanted)) return yamlText;
  if (!namesHost(compilePolicy(before), wanted.host))
    throw new PolicyEditError(
      "No entry names this host: it stays denied, and its name is not even looked up. A deny rule would name it, and deny no more.",
    );
  refuseUnread(before, wanted);
  const snippet = denySnippet(wanted, reason);
  const key = freshKey(before, { verb: "deny", ...wanted });
  for (const edit of [splice, editDocument]) {
    const after = edit(yamlText, key, snippet);
    const policy = after === null ? null : parsePolicy(after).policy;
    if (after !== null && policy !== null && onlyGained(before, policy, key) && isDeniedByRule(policy, wanted))
      return after;
  }
  throw new PolicyEditError("The file's layout leaves no safe place for a deny rule. Add it by hand.");
}

const isDeniedByRule = (policy: Policy, wanted: Wanted): boolean => {
  const { decision, reason } = decideWanted(policy, wanted);
  return decision === "deny" && reason.startsWith("Denied by ");
};

/** Where an entry lets connections through unread, or judges bodies, a rule for methods beside it would change what it means. */
function refuseUnread(policy: Policy, { binary, host, port }: Wanted): void {
  for (const [key, entry] of Object.entries(policy.network_policies)) {
    if (!entry.binaries.some(({ path }) => compileGlob(path, { separator: "/" })(binary))) continue;
    const other = entry.endpoints.find(
      (endpoint) =>
        endpoint.protocol !== "rest" &&
        endpoint.ports.includes(port) &&
        (endpoint.host === host || compileGlob(endpoint.host, { separator: "." })(host)),
    );
    if (other !== undefined)
      throw new PolicyEditError(
        `Entry \`${key}\` does not judge this host by methods and paths. Change that entry instead, by hand.`,
      );
  }
}

/** What is denied is named in the allow, too: an endpoint must name something, and allows nothing else. */
function denySnippet(wanted: Wanted, reason: string): Snippet {
  const path = wanted.path === null ? "/**" : pathShape(wanted.path);
  const clause = `{ method: ${scalarText(wanted.method ?? "*")}, path: ${scalarText(path)} }`;
  const fields = [`host: ${scalarText(wanted.host)}`, `port: ${wanted.port}`, "protocol: rest"];
  const binary = `path: ${scalarText(literalGlob(wanted.binary))}`;
  const why = `reason: ${scalarText(reason)}`;
  return {
    block: [
      why,
      "endpoints:",
      ...fields.map((line, at) => (at === 0 ? `  - ${line}` : `    ${line}`)),
      "    rules:",
      `      - allow: ${clause}`,
      "    deny_rules:",
      `      - ${clause}`,
      "binaries:",
      `  - ${binary}`,
    ],
    flow: `{ ${why}, endpoints: [{ ${fields.join(", ")}, rules: [{ allow: ${clause} }], deny_rules: [${clause}] }], binaries: [{ ${binary} }] }`,
  };
}

function splice(text: string, key: string, snippet: Snippet): string | null {
  const root = parseDocument(text, { uniqueKeys: false, merge: false, prettyErrors: false }).contents;
  return isMap(root) ? spliceEntry(text, root, key, snippet) : null;
}

function editDocument(text: string, key: string, snippet: Snippet): string {
  const document = parseDocument(text, { uniqueKeys: false, merge: false, prettyErrors: false });
  const value: unknown = parseDocument(snippet.flow).toJS();
  document.setIn(["network_policies", key], document.createNode(value));
  return printDocument(document);
}

function onlyGained(before: Policy, after: Policy, key: string): boolean {
  const { [key]: _gained, ...rest } = after.network_policies;
  return canonicalJson({ ...after, network_policies: rest }) === canonicalJson(before);
}
