/**
 * An entry of its own for one program and one request. Threat: a change that gives every program of a shared entry, or one program
 * all of an entry, what only one request asked for. Invariant: the entry names this program, host, port and these rules alone.
 */
import { canonicalHost } from "../canonical/host.ts";
import type { Clause, Endpoint, PolicyEntry } from "../model.ts";
import { flowOf, literalGlob } from "./calls.ts";
import { addField } from "./edits.ts";
import type { TurnState } from "./turn-state.ts";

export interface NarrowEntry {
  /** The endpoint whose protocol and `path` the new one takes over, so that both speak of the same requests. */
  like: Endpoint;
  rules: readonly Clause[];
  deny?: readonly Clause[];
  script?: string | undefined;
  expiresAt?: string;
  addresses?: readonly string[];
}

export function addNarrowEntry({ text, policy, request }: TurnState, narrow: NarrowEntry): string | null {
  const host = canonicalHost(request.host);
  if (host === null) return null;
  const { like, rules, deny, script, expiresAt, addresses } = narrow;
  const endpoint = [
    `host: ${JSON.stringify(host)}`,
    `port: ${request.port}`,
    ...(like.path === undefined ? [] : [`path: ${JSON.stringify(like.path)}`]),
    `protocol: ${like.protocol ?? "rest"}`,
    ...(addresses === undefined ? [] : [`allowed_ips: ${JSON.stringify(addresses)}`]),
    ...(like.allow_encoded_slash === true ? ["allow_encoded_slash: true"] : []),
    `rules: [${rules.map((clause) => `{ allow: ${flowOf(clause)} }`).join(", ")}]`,
    ...(deny === undefined ? [] : [`deny_rules: [${deny.map(flowOf).join(", ")}]`]),
  ];
  const program = [
    `path: ${JSON.stringify(literalGlob(request.binary))}`,
    ...(script === undefined ? [] : [`script: ${JSON.stringify(literalGlob(script))}`]),
  ];
  const flow = [
    ...(expiresAt === undefined ? [] : [`expires_at: ${expiresAt}`]),
    `endpoints: [{ ${endpoint.join(", ")} }]`,
    `binaries: [{ ${program.join(", ")} }]`,
  ].join(", ");
  const key = freshKey(policy.network_policies, `${deny === undefined ? "allow" : "deny"}_${request.binary}_${host}`);
  return addField(text, ["network_policies", key], `{ ${flow} }`);
}

/** A new key, made like those of `addRule`. */
function freshKey(entries: Readonly<Record<string, PolicyEntry>>, wanted: string): string {
  const base = wanted
    .replace(/_\/.*\//, "_")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/_+$/, "");
  let key = base;
  for (let n = 2; Object.hasOwn(entries, key); n++) key = `${base}_${n}`;
  return key;
}

/** Is the entry this program's alone, so that what it gains or loses no other does? */
export const isOwn = (entry: PolicyEntry, binary: string): boolean =>
  entry.binaries.length === 1 && entry.binaries[0]?.path === literalGlob(binary) && entry.binaries[0].inherit !== true;
