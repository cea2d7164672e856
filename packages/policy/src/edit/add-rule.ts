/**
 * The smallest edit that allows one request. Threat: an approval that opens more than what was asked. Invariant: only this program
 * gains, only this host, port, method and path; entries of other programs are never touched; the result is parsed and judged before
 * it is returned.
 */
import { isMap, isScalar, isSeq, parseDocument, type YAMLMap } from "yaml";
import { addressClass, coverableClasses } from "../canonical/address.ts";
import { canonicalHost, isIpLiteral } from "../canonical/host.ts";
import { canonicalJson } from "../canonical/json.ts";
import { canonicalPath } from "../canonical/path.ts";
import { compilePolicy } from "../engine/compile.ts";
import { decide } from "../engine/decide.ts";
import { compileGlob } from "../glob.ts";
import type { Policy, PolicyEntry } from "../model.ts";
import { parsePolicy } from "../parse.ts";
import type { PolicyProblem, PolicyRequest } from "../types.ts";
import { appendItem, appendPair, fillEmpty, type Snippet, scalar } from "./splice.ts";

export interface RuleRequest {
  binary: string;
  host: string;
  port: number;
  method?: string | undefined;
  /** Raw request target; its query does not become part of the rule. */
  path?: string | undefined;
}

/** Why no edit was made. `problems` is filled when the file itself has errors. */
export class PolicyEditError extends Error {
  readonly problems: readonly PolicyProblem[];
  constructor(message: string, problems: readonly PolicyProblem[] = []) {
    super(message);
    this.name = "PolicyEditError";
    this.problems = problems;
  }
}

/** Past every expiry: a grant that ends is no reason to leave the file as it is. */
const AFTER_EVERY_EXPIRY_MS = Number.MAX_VALUE;
/** Ports where a connection is judged as HTTP when only the connection is asked for. */
const WEB_PORTS = [80, 443];

interface Wanted {
  binary: string;
  host: string;
  port: number;
  method: string | null;
  path: string | null;
  encodedSlash: boolean;
}

/** Returns the edited text, or the same text when the request is allowed already. Throws PolicyEditError when no edit can allow it. */
export function addRule(yamlText: string, request: RuleRequest): string {
  const before = parseOrThrow(yamlText);
  const wanted = canonicalRequest(request);
  if (isAllowed(before, wanted)) return yamlText;
  refuseWhatInspectsDeeper(before, wanted);
  for (const edit of [spliceRule, editDocument]) {
    const after = edit(yamlText, before, wanted);
    if (after === null) continue;
    const { policy } = parsePolicy(after);
    if (policy === null || !othersUnchanged(before, policy, wanted)) continue;
    if (isAllowed(policy, wanted)) return after;
    const decision = decide(compilePolicy(policy), asRequest(wanted), AFTER_EVERY_EXPIRY_MS);
    throw new PolicyEditError(`A new rule would not allow this. ${decision.reason} Change that rule first.`);
  }
  throw new PolicyEditError("The file's layout leaves no safe place for a new rule. Add it by hand.");
}

function parseOrThrow(text: string): Policy {
  const { policy, problems } = parsePolicy(text);
  if (policy === null) throw new PolicyEditError("The file has errors; repair them first.", problems);
  return policy;
}

function canonicalRequest(request: RuleRequest): Wanted {
  const host = canonicalHost(request.host);
  if (host === null) throw new PolicyEditError(`"${request.host}" is no host name or address.`);
  if (isIpLiteral(host) && !coverableClasses.includes(addressClass(host)))
    throw new PolicyEditError(`${host} is a ${addressClass(host)} address, which no policy can open.`);
  if (!request.binary.startsWith("/") || /[{}\\]|\/\.\.?(\/|$)|\/\//.test(request.binary))
    throw new PolicyEditError("The program's path must be absolute and plain.");
  if (!Number.isInteger(request.port) || request.port < 1 || request.port > 65535)
    throw new PolicyEditError("The port must be 1 to 65535.");
  const plain = { binary: request.binary, host, port: request.port };
  if (request.method === undefined) return { ...plain, method: null, path: null, encodedSlash: false };
  const target = canonicalPath(request.path ?? "", { allowEncodedSlash: true });
  if (target === null)
    throw new PolicyEditError("The request target has no single reading; such a request is always refused.");
  const method = request.method.toUpperCase();
  if (!/^[A-Z][A-Z0-9-]{0,31}$/.test(method) || method === "CONNECT")
    throw new PolicyEditError(`"${request.method}" is no HTTP method that a rule can allow.`);
  return { ...plain, method, path: target.path, encodedSlash: target.path.includes("%2F") };
}

const asRequest = (wanted: Wanted): PolicyRequest => ({
  binary: wanted.binary,
  host: wanted.host,
  port: wanted.port,
  ...(wanted.method === null || wanted.path === null ? {} : { method: wanted.method, path: wanted.path }),
});

const isAllowed = (policy: Policy, wanted: Wanted): boolean =>
  decide(
    compilePolicy(policy, { middlewares: Object.values(policy.network_middlewares).map((m) => m.middleware) }),
    asRequest(wanted),
    AFTER_EVERY_EXPIRY_MS,
  ).decision === "allow";

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

/** A text as a pattern that matches it alone. */
const literalGlob = (text: string): string => text.replace(/[*?[]/g, (c) => `[${c}]`);

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
  return { where: "entry", key: freshKey(policy, wanted), endpoint: 0, snippet: entrySnippet(wanted) };
}

function freshKey(policy: Policy, wanted: Wanted): string {
  const program = wanted.binary.split("/").at(-1) ?? "program";
  const base = `allow_${program}_${wanted.host}`
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "");
  let key = base;
  for (let n = 2; Object.hasOwn(policy.network_policies, key); n++) key = `${base}_${n}`;
  return key;
}

const ruleFlow = (wanted: Wanted): string =>
  `{ method: ${scalar(wanted.method ?? "*")}, path: ${scalar(literalGlob(wanted.path ?? "/**"))} }`;
const ruleSnippet = (wanted: Wanted): Snippet => ({
  block: [`allow: ${ruleFlow(wanted)}`],
  flow: `{ allow: ${ruleFlow(wanted)} }`,
});

function endpointFields(wanted: Wanted): { lines: string[]; flow: string[] } {
  const lines = [`host: ${scalar(wanted.host)}`, `port: ${wanted.port}`];
  if (isIpLiteral(wanted.host) && addressClass(wanted.host) !== "public")
    lines.push(`allowed_ips: [${scalar(wanted.host)}]`);
  if (wanted.method === null) {
    // Least first: reading is enough to see what is asked for next.
    if (WEB_PORTS.includes(wanted.port)) lines.push("protocol: rest", "access: read-only");
    return { lines, flow: lines };
  }
  lines.push("protocol: rest");
  if (wanted.encodedSlash) lines.push("allow_encoded_slash: true");
  const rule = ruleSnippet(wanted);
  return {
    lines: [...lines, "rules:", ...rule.block.map((line) => `  - ${line}`)],
    flow: [...lines, `rules: [${rule.flow}]`],
  };
}

function endpointSnippet(wanted: Wanted): Snippet {
  const { lines, flow } = endpointFields(wanted);
  return { block: lines, flow: `{ ${flow.join(", ")} }` };
}

function entrySnippet(wanted: Wanted): Snippet {
  const endpoint = endpointSnippet(wanted);
  const binary = `path: ${scalar(literalGlob(wanted.binary))}`;
  return {
    block: [
      "endpoints:",
      ...endpoint.block.map((line, i) => (i === 0 ? `  - ${line}` : `    ${line}`)),
      "binaries:",
      `  - ${binary}`,
    ],
    flow: `{ endpoints: [${endpoint.flow}], binaries: [{ ${binary} }] }`,
  };
}

function spliceRule(text: string, policy: Policy, wanted: Wanted): string | null {
  const document = parseDocument(text, { uniqueKeys: false, merge: false });
  const root = document.contents;
  if (!isMap(root)) return null;
  const plan = planEdit(policy, wanted);
  if (plan.where === "entry") return spliceEntry(text, root, plan);
  const path = ["network_policies", plan.key, "endpoints", ...(plan.where === "rules" ? [plan.endpoint, "rules"] : [])];
  const list = document.getIn(path, true);
  return isSeq(list) ? appendItem(text, list, plan.snippet) : null;
}

function spliceEntry(text: string, root: YAMLMap, plan: Plan): string | null {
  const pair = root.items.find((item) => isScalar(item.key) && item.key.value === "network_policies");
  if (pair === undefined) {
    const wrapped: Snippet = {
      block: [`${plan.key}:`, ...plan.snippet.block.map((line) => `  ${line}`)],
      flow: `{ ${plan.key}: ${plan.snippet.flow} }`,
    };
    return appendPair(text, root, "network_policies", wrapped, 0);
  }
  if (isMap(pair.value)) return appendPair(text, pair.value, plan.key, plan.snippet, 0);
  return isScalar(pair.key) ? fillEmpty(text, pair.key, plan.key, plan.snippet) : null;
}

/** Where text cannot be spliced, the document is edited; comments stay, spacing may change. */
function editDocument(text: string, policy: Policy, wanted: Wanted): string | null {
  const document = parseDocument(text, { uniqueKeys: false, merge: false });
  const plan = planEdit(policy, wanted);
  const value: unknown = parseDocument(plan.snippet.flow).toJS();
  if (plan.where === "entry") document.setIn(["network_policies", plan.key], document.createNode(value));
  else if (plan.where === "endpoints")
    document.addIn(["network_policies", plan.key, "endpoints"], document.createNode(value));
  else document.addIn(["network_policies", plan.key, "endpoints", plan.endpoint, "rules"], document.createNode(value));
  return document.toString({ lineWidth: 0 });
}
