/** Edits that take away what allows a request; the one that takes least comes first. */
import { PolicyEditError } from "../edit/error.ts";
import { removeRule } from "../edit/remove-rule.ts";
import { hasWildcard } from "../glob.ts";
import type { Clause } from "../model.ts";
import { flowOf } from "./calls.ts";
import { addField, type FieldPath, listAt, removeAt, setAt } from "./edits.ts";
import { addNarrowEntry, isOwn } from "./narrow-entry.ts";
import { clauseText } from "./nearest-rules.ts";
import type { EndpointRef } from "./probe.ts";
import { findProgram } from "./programs.ts";
import { addAll, clausesFor, documentPath } from "./turn-clauses.ts";
import type { TurnEdit, TurnState } from "./turn-state.ts";

export function editsToDeny(state: TurnState): TurnEdit[] {
  const { cause } = state;
  switch (cause.kind) {
    case "allowed_inference":
      return shutInference(state);
    case "allowed_connection":
      return takeAway(state, cause.at);
    case "allowed_request":
      return denyRequest(state, cause.at, cause.rule);
    default:
      return [];
  }
}

function denyRequest(state: TurnState, at: EndpointRef, index: number | null): TurnEdit[] {
  const path = documentPath(at);
  const { key } = at;
  const rules = at.endpoint.rules ?? [];
  const rule = index === null ? undefined : rules[index]?.allow;
  const edits: TurnEdit[] = [];
  const own = isOwn(at.entry, state.request.binary);
  if (own && rule !== undefined && index !== null && rules.length > 1 && isExact(rule))
    edits.push({
      sentence: `Remove rules[${index}] of entry \`${key}\` (${clauseText(rule)}), which allows nothing else.`,
      beyond: !namesOnePlace(at),
      apply: () => removeAt(state.text, [...path, "rules", index]),
    });
  const clauses = clausesFor(state, at).slice(0, 1);
  const words = clauses.map(clauseText).join(" and ");
  const { binary, host, port } = state.request;
  const inEntry: TurnEdit = {
    sentence: `Deny ${words} in entry \`${key}\`, to every program and host it names, whatever other rules allow.`,
    beyond: !own || !namesOnePlace(at),
    apply: () => addAll(state.text, [...path, "deny_rules"], clauses.map(flowOf)),
  };
  const ofItsOwn: TurnEdit = {
    sentence: `Deny ${words} at ${host}:${port} to ${binary} alone, by an entry of its own, whatever other rules allow.`,
    beyond: false,
    apply: () => addNarrowEntry(state, { like: at.endpoint, rules: clauses, deny: clauses }),
  };
  // An endpoint that names an address range counts for its addresses only; a second one by name might not meet them.
  if (clauses.length > 0) edits.push(...(own && namesOnePlace(at) ? [inEntry, ofItsOwn] : [ofItsOwn, inEntry]));
  return [...edits, ...takeAway(state, at)];
}

const namesOnePlace = ({ endpoint }: EndpointRef): boolean =>
  endpoint.ports.length === 1 && endpoint.host !== "" && !hasWildcard(endpoint.host);

/** Does the clause allow one request and no family of them? */
const isExact = (clause: Clause): boolean =>
  clause.path !== undefined && !hasWildcard(clause.path) && clause.method !== undefined && clause.method !== "*";

/** The program, the port, the endpoint or the entry: whichever takes least from others. */
function takeAway(state: TurnState, at: EndpointRef): TurnEdit[] {
  const path = documentPath(at);
  const { key } = at;
  const entry = state.policy.network_policies[key];
  if (entry === undefined) return [];
  const { binary, host, port, method, path: target } = state.request;
  const edits: (TurnEdit & { taken: number })[] = [
    {
      // Takes this program, host and port alone, or is refused.
      taken: 0,
      sentence:
        method === undefined
          ? `Take the connection to ${host}:${port} away from ${binary} alone.`
          : `Take the rule that allows it away from ${binary} alone, with all else that this rule allows.`,
      beyond: method !== undefined,
      apply: () => {
        try {
          return removeRule(
            state.text,
            method === undefined ? { binary, host, port } : { binary, host, port, method, path: target },
          );
        } catch (error) {
          if (error instanceof PolicyEditError) return null;
          throw error;
        }
      },
    },
  ];
  const found = findProgram(entry.binaries, state.request);
  const pairs = (endpoints: typeof entry.endpoints): number =>
    endpoints.reduce((sum, one) => sum + one.ports.length, 0);
  if (!("misses" in found) && entry.binaries.length > 1)
    edits.push({
      taken:
        pairs(entry.endpoints) * (hasWildcard(entry.binaries[found.index]?.path ?? "*") ? entry.binaries.length : 1),
      sentence: `Remove ${entry.binaries[found.index]?.path ?? "the program"} from entry \`${key}\`; it loses everything the entry allows.`,
      beyond: true,
      apply: () => removeAt(state.text, ["network_policies", key, "binaries", found.index]),
    });
  const portIndex = portListIndex(state, path);
  if (at.endpoint.ports.length > 1 && portIndex !== null)
    edits.push({
      taken: entry.binaries.length,
      sentence: `Remove port ${state.request.port} of ${at.endpoint.host} from entry \`${key}\`, for every program it names.`,
      beyond: true,
      apply: () => removeAt(state.text, [...path, "ports", portIndex]),
    });
  if (entry.endpoints.length > 1)
    edits.push({
      taken: entry.binaries.length * at.endpoint.ports.length,
      sentence: `Remove the endpoint ${at.endpoint.host || "without host"} from entry \`${key}\`, for every program it names.`,
      beyond: true,
      apply: () => removeAt(state.text, path),
    });
  edits.push({
    taken: pairs(entry.endpoints) * entry.binaries.length,
    sentence: `Remove entry \`${key}\` with everything it allows.`,
    beyond: true,
    apply: () => removeAt(state.text, ["network_policies", key]),
  });
  return edits.sort((a, b) => a.taken - b.taken);
}

/** The file may list ports in another order than the policy, which sorts them. */
function portListIndex({ text, request }: TurnState, path: FieldPath): number | null {
  const index = listAt(text, [...path, "ports"]).indexOf(request.port);
  return index === -1 ? null : index;
}

function shutInference({ text, policy, request }: TurnState): TurnEdit[] {
  const section = policy.inference;
  if (section === undefined)
    return [
      {
        sentence: "Add an `inference` section that is switched off, for every program.",
        beyond: true,
        apply: () => addField(text, ["inference"], "{ enabled: false }"),
      },
    ];
  const edits: TurnEdit[] = [];
  const index = section.binaries?.findIndex(({ path }) => path === request.binary) ?? -1;
  if (index !== -1 && (section.binaries?.length ?? 0) > 1)
    edits.push({
      sentence: `Remove ${request.binary} from the \`inference\` section; it can no longer ask a model.`,
      beyond: true,
      apply: () => removeAt(text, ["inference", "binaries", index]),
    });
  edits.push({
    sentence: "Switch the `inference` section off, for every program.",
    beyond: true,
    apply: () => setAt(text, ["inference", "enabled"], false),
  });
  return edits;
}
