/** Edits that take an obstacle out of a request's way; the one that opens least comes first. */

import { canonicalHost } from "../canonical/host.ts";
import { canonicalPath } from "../canonical/path.ts";
import { addRuleTo, PolicyEditError } from "../edit/add-rule.ts";
import { modelAsked } from "../engine/inference.ts";
import type { Access, Clause } from "../model.ts";
import { flowOf, literalGlob } from "./calls.ts";
import type { ClauseRef, InferencePart } from "./cause.ts";
import { addItem, type FieldPath, removeAt, setAt } from "./edits.ts";
import { addNarrowEntry, isOwn, type NarrowEntry } from "./narrow-entry.ts";
import { clauseText } from "./nearest-rules.ts";
import { type EndpointRef, selectorCovers } from "./probe.ts";
import { findProgram } from "./programs.ts";
import { addAll, clausesFor, documentPath, isPlain } from "./turn-clauses.ts";
import type { TurnEdit, TurnState } from "./turn-state.ts";

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
      return openAddress(state, cause.candidates, cause.ip);
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

/** This program, host, port, method and path: the least that can be opened. */
function newRule({ text, policy, request }: TurnState): TurnEdit {
  const { binary, host, port, method, path } = request;
  const what =
    method === undefined
      ? "to connect (reading only, where it is HTTP)"
      : `${method.toUpperCase()} ${pathText(path)}, with any query and body,`;
  return {
    sentence: `Allow ${binary} alone ${what} at ${host}:${port}.`,
    beyond: false,
    apply: () => {
      try {
        return addRuleTo(text, policy, { binary, host, port, method, path });
      } catch (error) {
        if (error instanceof PolicyEditError) return null;
        throw error;
      }
    },
  };
}

/** The same in the words of a protocol that judges bodies, or with a condition that `addRule` does not know. */
function narrowRule(state: TurnState, narrow: NarrowEntry, condition = ""): TurnEdit {
  const { binary, host, port } = state.request;
  return {
    sentence: `Allow ${binary} alone ${narrow.rules.map(clauseText).join(" and ")} at ${host}:${port}${condition}.`,
    beyond: false,
    apply: () => addNarrowEntry(state, narrow),
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
        sentence: `Pin ${miss.binary.path} in entry \`${key}\` to the digest of the program that asked, once you know why it changed; it then gets everything the entry allows, and the file pinned before gets it no more.`,
        beyond: true,
        apply: () => setAt(text, [...list, miss.index, "sha256"], digest),
      });
    }
    if (miss?.kind === "script" && request.script !== undefined) {
      const item = `{ path: ${JSON.stringify(literalGlob(request.binary))}, script: ${JSON.stringify(literalGlob(request.script))} }`;
      last.push({
        sentence: `Name ${request.binary} with the script ${request.script} in entry \`${key}\`; it then gets everything the entry allows.`,
        beyond: true,
        apply: () => addItem(text, list, item),
      });
    }
    if (miss?.kind === "parent" && miss.binary.sha256 === undefined && miss.binary.script === undefined)
      last.push({
        sentence: `Let children of ${miss.binary.path} count in entry \`${key}\`; every program it starts then gets everything the entry allows.`,
        beyond: true,
        apply: () => setAt(text, [...list, miss.index, "inherit"], true),
      });
    last.push({
      sentence: `Name ${request.binary} in entry \`${key}\`; it then gets everything the entry allows.`,
      beyond: true,
      apply: () => addItem(text, list, `{ path: ${JSON.stringify(literalGlob(request.binary))} }`),
    });
  }
  // Beside a pin, a rule for the path alone would let any file in that place pass.
  return first.length > 0 ? [...first, ...last] : [...narrowestRules(state, named), ...last];
}

/**
 * Where bodies are judged, a rule for method and path alone would open every call, so the new entry judges bodies too; and where a
 * program counts by its script only, so does it there.
 */
function narrowestRules(state: TurnState, named: readonly EndpointRef[]): TurnEdit[] {
  const { policy, request } = state;
  if (request.method === undefined) return [newRule(state)];
  const covering = named.filter(({ endpoint }) => selectorCovers(endpoint.path, request));
  const judging = covering.filter(({ endpoint }) => !isPlain(endpoint.protocol));
  if (judging.length > 0)
    return judging.flatMap((at) => {
      const rules = clausesFor(state, at);
      return rules.length === 0 ? [] : [narrowRule(state, { like: at.endpoint, rules })];
    });
  const byScript = covering.find(({ key, endpoint }) => {
    const found = findProgram(policy.network_policies[key]?.binaries ?? [], request);
    return endpoint.protocol === "rest" && "misses" in found && found.misses[0]?.kind === "script";
  });
  if (byScript === undefined || request.script === undefined) return [newRule(state)];
  const narrow = { like: byScript.endpoint, rules: clausesFor(state, byScript), script: request.script };
  return [narrowRule(state, narrow, `, when it runs ${request.script}, with any query and body`), newRule(state)];
}

function extend(state: TurnState, key: string): TurnEdit {
  const until = new Date(state.nowMs + EXTENSION_MS).toISOString().replace(/\.\d+Z$/, "Z");
  return {
    sentence: `Extend entry \`${key}\` to ${until}; until then it allows again all that it names.`,
    beyond: true,
    apply: () => setAt(state.text, ["network_policies", key, "expires_at"], until),
  };
}

function openAddress(state: TurnState, candidates: readonly EndpointRef[], ip: string): TurnEdit[] {
  const narrow = candidates
    .filter(({ endpoint, entry }) => endpoint.protocol === "rest" && !isOwn(entry, state.request.binary))
    .slice(0, 1)
    .flatMap((at): TurnEdit[] => {
      const rules = clausesFor(state, at);
      const at_ip = `, at the address ${ip} only, with any query and body`;
      return rules.length === 0 ? [] : [narrowRule(state, { like: at.endpoint, rules, addresses: [ip] }, at_ip)];
    });
  return [
    ...narrow,
    ...candidates.map(
      (at): TurnEdit => ({
        sentence:
          at.endpoint.allowed_ips !== undefined
            ? `Add ${ip} to the allowed_ips of entry \`${at.key}\`, for everything it names.`
            : `Set the allowed_ips of entry \`${at.key}\` to ${ip}, for everything it names; its host may then resolve to no other address.`,
        beyond: true,
        apply: () => addItem(state.text, [...documentPath(at), "allowed_ips"], JSON.stringify(ip)),
      }),
    ),
  ];
}

function exclude({ text, request }: TurnState, key: string): TurnEdit {
  const host = canonicalHost(request.host) ?? request.host;
  return {
    sentence: `Exclude ${host} from middleware \`${key}\`, which then no longer sees this host's traffic.`,
    beyond: true,
    apply: () => addItem(text, ["network_middlewares", key, "endpoints", "exclude"], JSON.stringify(host)),
  };
}

function removeDeny(state: TurnState, { at, index }: ClauseRef): TurnEdit {
  const clause = at.endpoint.deny_rules?.[index];
  return {
    sentence: `Remove deny_rules[${index}] of entry \`${at.key}\` (${clause === undefined ? "" : clauseText(clause)}); all else that it denies is then judged by the other rules.`,
    beyond: true,
    apply: () => removeAt(state.text, [...documentPath(at), "deny_rules", index]),
  };
}

function allowRequest(state: TurnState, speaking: readonly EndpointRef[]): TurnEdit[] {
  const { binary } = state.request;
  const edits: TurnEdit[] = speaking.every(({ endpoint }) => isPlain(endpoint.protocol)) ? [newRule(state)] : [];
  for (const at of speaking) {
    const shared = !isOwn(at.entry, binary);
    const rules =
      isPlain(at.endpoint.protocol) || !(shared || at.endpoint.rules === undefined) ? [] : clausesFor(state, at);
    if (rules.length > 0) edits.push(narrowRule(state, { like: at.endpoint, rules }));
  }
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
      sentence: `Give entry \`${key}\` ${wider} access to ${at.endpoint.host}, in place of ${access}, for every program it names.`,
      beyond: true,
      apply: () => setAt(state.text, [...path, "access"], wider),
    }));
  const clauses = clausesFor(state, at);
  if (clauses.length === 0) return [];
  const whom = isOwn(at.entry, state.request.binary) ? state.request.binary : "every program it names";
  return [
    {
      sentence: `Add ${clauses.map((clause) => `a rule for ${clauseText(clause)}`).join(" and ")} to entry \`${key}\`, for ${whom}, at all hosts and ports of the endpoint.`,
      beyond: true,
      apply: () => addAll(state.text, [...path, "rules"], clauses.map(allowFlow)),
    },
  ];
}

const allowFlow = (clause: Clause): string => `{ allow: ${flowOf(clause)} }`;

const widerThan = (access: Access): Access[] =>
  access === "read-only" ? ["read-write", "full"] : access === "read-write" ? ["full"] : [];

function openInference(state: TurnState, part: InferencePart): TurnEdit[] {
  const { text, request } = state;
  if (part === "disabled")
    return [
      {
        sentence: "Switch the `inference` section on, for every program and model it names.",
        beyond: true,
        apply: () => setAt(text, ["inference", "enabled"], true),
      },
    ];
  if (part === "binary")
    return [
      {
        sentence: `Name ${request.binary} in the \`inference\` section, for every model it allows.`,
        beyond: true,
        apply: () =>
          addItem(text, ["inference", "binaries"], `{ path: ${JSON.stringify(literalGlob(request.binary))} }`),
      },
    ];
  const model = part === "model" ? modelAsked(request.path, request.body ?? "") : null;
  if (model === null) return [];
  return [
    {
      sentence: `Allow the model ${model}, to every program that may ask.`,
      beyond: true,
      apply: () => addItem(text, ["inference", "models"], JSON.stringify(literalGlob(model))),
    },
  ];
}
