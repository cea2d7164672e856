/** Edits that take an obstacle out of a request's way; the one that opens least comes first. */
import { canonicalHost } from "../canonical/host.ts";
import { canonicalPath } from "../canonical/path.ts";
import { addRule, PolicyEditError } from "../edit/add-rule.ts";
import type { Access, Clause } from "../model.ts";
import { clausesOfBody, flowOf, literalGlob } from "./calls.ts";
import type { ClauseRef, InferencePart } from "./cause.ts";
import { addItem, type FieldPath, removeAt, setAt } from "./edits.ts";
import { modelOf } from "./inference.ts";
import { clauseText } from "./nearest-rules.ts";
import type { EndpointRef } from "./probe.ts";
import { findProgram } from "./programs.ts";
import type { TurnEdit, TurnState } from "./turn.ts";

/** Long enough to do what was asked for, short enough that it is asked again. */
const EXTENSION_MS = 24 * 60 * 60 * 1000;

export function editsToAllow(state: TurnState): TurnEdit[] {
  const { cause } = state;
  switch (cause.kind) {
    case "inference":
      return openInference(state, cause.part);
    case "unnamed":
    case "address_unknown":
      return [newRule(state)];
    case "program":
      return nameProgram(state, cause.named);
    case "expired":
      return cause.keys.map((key) => extend(state, key));
    case "address":
      return cause.candidates.map((at) => openAddress(state, at, cause.ip));
    case "middleware":
      return [exclude(state, cause.key)];
    case "denied":
      return [removeDeny(state, cause.ref)];
    case "missing":
      return allowRequest(state, cause.speaking);
    default:
      return [];
  }
}

/** Where an endpoint stands, as a path into the document. */
export const documentPath = ({ key, index }: EndpointRef): FieldPath => ["network_policies", key, "endpoints", index];

function newRule({ text, request }: TurnState): TurnEdit {
  const { binary, host, port, method, path } = request;
  const what =
    method === undefined ? "to connect (reading only, where it is HTTP)" : `${method.toUpperCase()} ${pathText(path)}`;
  return {
    sentence: `Allow ${binary} alone ${what} at ${host}:${port}.`,
    apply: () => {
      try {
        return addRule(text, { binary, host, port, method, path });
      } catch (error) {
        if (error instanceof PolicyEditError) return null;
        throw error;
      }
    },
  };
}

const pathText = (path: string | undefined): string => {
  const canonical = path === undefined ? null : canonicalPath(path, { allowEncodedSlash: true });
  return canonical?.path ?? "";
};

function nameProgram(state: TurnState, named: readonly EndpointRef[]): TurnEdit[] {
  const { text, policy, request } = state;
  const first: TurnEdit[] = [];
  const last: TurnEdit[] = [];
  for (const key of new Set(named.map((at) => at.key))) {
    const found = findProgram(policy.network_policies[key]?.binaries ?? [], request);
    if (!("misses" in found)) continue;
    const [miss] = found.misses;
    const list: FieldPath = ["network_policies", key, "binaries"];
    if (miss?.kind === "pin" && request.sha256 !== undefined) {
      const digest = request.sha256.toLowerCase().replace(/^sha256:/, "");
      first.push({
        sentence: `Pin ${miss.binary.path} in entry \`${key}\` to the digest of the program that asked, once you know why it changed.`,
        apply: () => setAt(text, [...list, miss.index, "sha256"], digest),
      });
    }
    if (miss?.kind === "script" && request.script !== undefined) {
      const item = `{ path: ${JSON.stringify(literalGlob(request.binary))}, script: ${JSON.stringify(literalGlob(request.script))} }`;
      first.push({
        sentence: `Name ${request.binary} with the script ${request.script} in entry \`${key}\`.`,
        apply: () => addItem(text, list, item),
      });
    }
    if (miss?.kind === "parent" && miss.binary.sha256 === undefined && miss.binary.script === undefined)
      last.push({
        sentence: `Let children of ${miss.binary.path} count in entry \`${key}\`; this counts for every program it starts.`,
        apply: () => setAt(text, [...list, miss.index, "inherit"], true),
      });
    // Where bodies are judged, a rule for method and path alone would say less than the entry does.
    const judgesBodies = named.some((at) => at.key === key && !isPlain(at.endpoint.protocol));
    const join: TurnEdit = {
      sentence: `Name ${request.binary} in entry \`${key}\`; it then gets everything the entry allows.`,
      apply: () => addItem(text, list, `{ path: ${JSON.stringify(literalGlob(request.binary))} }`),
    };
    (judgesBodies ? first : last).push(join);
  }
  return [...first, newRule(state), ...last];
}

const isPlain = (protocol: string | undefined): boolean =>
  protocol === undefined || protocol === "tcp" || protocol === "rest";

function extend({ text, nowMs }: TurnState, key: string): TurnEdit {
  const until = new Date(nowMs + EXTENSION_MS).toISOString().replace(/\.\d+Z$/, "Z");
  return {
    sentence: `Extend entry \`${key}\` to ${until}; until then it allows again all that it names.`,
    apply: () => setAt(text, ["network_policies", key, "expires_at"], until),
  };
}

function openAddress(state: TurnState, at: EndpointRef, ip: string): TurnEdit {
  const limits = at.endpoint.allowed_ips !== undefined;
  return {
    sentence: limits
      ? `Add ${ip} to the allowed_ips of entry \`${at.key}\`.`
      : `Set the allowed_ips of entry \`${at.key}\` to ${ip}; its host may then resolve to no other address.`,
    apply: () => addItem(state.text, [...documentPath(at), "allowed_ips"], JSON.stringify(ip)),
  };
}

function exclude({ text, request }: TurnState, key: string): TurnEdit {
  const host = canonicalHost(request.host) ?? request.host;
  return {
    sentence: `Exclude ${host} from middleware \`${key}\`, which then no longer sees this host's traffic.`,
    apply: () => addItem(text, ["network_middlewares", key, "endpoints", "exclude"], JSON.stringify(host)),
  };
}

function removeDeny(state: TurnState, { at, index }: ClauseRef): TurnEdit {
  const clause = at.endpoint.deny_rules?.[index];
  return {
    sentence: `Remove deny_rules[${index}] of entry \`${at.key}\` (${clause === undefined ? "" : clauseText(clause)}); all else that it denies is then judged by the other rules.`,
    apply: () => removeAt(state.text, [...documentPath(at), "deny_rules", index]),
  };
}

function allowRequest(state: TurnState, speaking: readonly EndpointRef[]): TurnEdit[] {
  const edits: TurnEdit[] = speaking.every(({ endpoint }) => isPlain(endpoint.protocol)) ? [newRule(state)] : [];
  for (const at of speaking) edits.push(...widen(state, at));
  return edits;
}

/** Rules for exactly this request in the endpoint that speaks, or the next wider access. */
function widen(state: TurnState, at: EndpointRef): TurnEdit[] {
  const path = documentPath(at);
  const { key } = at;
  const { access } = at.endpoint;
  if (access !== undefined)
    return widerThan(access).map((wider) => ({
      sentence: `Give entry \`${key}\` ${wider} access to ${at.endpoint.host}, in place of ${access}.`,
      apply: () => setAt(state.text, [...path, "access"], wider),
    }));
  const clauses = clausesFor(state, at);
  if (clauses.length === 0) return [];
  return [
    {
      sentence: `Add ${clauses.map((clause) => `a rule for ${clauseText(clause)}`).join(" and ")} to entry \`${key}\`, for every program it names.`,
      apply: () =>
        addAll(
          state.text,
          [...path, "rules"],
          clauses.map((clause) => `{ allow: ${flowOf(clause)} }`),
        ),
    },
  ];
}

const widerThan = (access: Access): Access[] =>
  access === "read-only" ? ["read-write", "full"] : access === "read-write" ? ["full"] : [];

export function addAll(text: string, path: FieldPath, items: readonly string[]): string | null {
  let after: string | null = text;
  for (const item of items) after = after === null ? null : addItem(after, path, item);
  return after;
}

/** Clauses that name this request and no other, in the words of the endpoint's protocol. */
export function clausesFor({ request }: TurnState, { endpoint }: EndpointRef): Clause[] {
  const { protocol } = endpoint;
  if (protocol === "mcp" || protocol === "json-rpc" || protocol === "graphql")
    return clausesOfBody(protocol, request) ?? [];
  const method = request.method?.toUpperCase();
  const target = request.path === undefined ? null : canonicalPath(request.path, { allowEncodedSlash: true });
  if (method === undefined || target === null) return [];
  return [{ method, path: literalGlob(target.path) }];
}

function openInference(state: TurnState, part: InferencePart): TurnEdit[] {
  const { text, request } = state;
  if (part === "disabled")
    return [
      { sentence: "Switch the `inference` section on.", apply: () => setAt(text, ["inference", "enabled"], true) },
    ];
  if (part === "binary")
    return [
      {
        sentence: `Name ${request.binary} in the \`inference\` section.`,
        apply: () =>
          addItem(text, ["inference", "binaries"], `{ path: ${JSON.stringify(literalGlob(request.binary))} }`),
      },
    ];
  const model = part === "model" ? modelOf(request.body) : null;
  if (model === null) return [];
  return [
    {
      sentence: `Allow the model ${model}.`,
      apply: () => addItem(text, ["inference", "models"], JSON.stringify(literalGlob(model))),
    },
  ];
}
