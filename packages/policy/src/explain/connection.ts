/** The connection: who asks, for which host, port and address, in the order of the decision. */
import { canonicalHost } from "../canonical/host.ts";
import { endpointCovers, shutAddressReason } from "../engine/addresses.ts";
import { isVouchedPath } from "../engine/binary.ts";
import { candidatesFor, endpointsFor } from "../engine/candidates.ts";
import type { CompiledEndpoint, CompiledPolicy } from "../engine/compile.ts";
import { addressesOf, callerOf } from "../engine/decide.ts";
import { INFERENCE_HOST } from "../engine/inference.ts";
import type { PolicyRequest } from "../types.ts";
import type { Cause, Traced } from "./cause.ts";
import { traceInference } from "./inference.ts";
import { nearEndpoints } from "./near.ts";
import { findProgram } from "./programs.ts";
import { ANSWERS_MAX, endpointField, entryField, type PolicyFile, quoted, type Trace } from "./trace.ts";

export interface Asked extends PolicyFile {
  compiled: CompiledPolicy;
  request: PolicyRequest;
  nowMs: number;
  trace: Trace;
}

/** The endpoints that may speak of a request, once the connection itself is found to be allowed. */
export interface OpenConnection {
  usable: readonly CompiledEndpoint[];
  candidates: readonly CompiledEndpoint[];
}

export const ended = (cause: Cause, question: string, deciding: string | null = null): Traced => ({
  cause,
  question,
  deciding,
  audit: null,
});

export function traceConnection(asked: Asked): Traced | OpenConnection {
  const { compiled, request, nowMs, trace } = asked;
  const vouched = "The program is vouched for";
  if (!isVouchedPath(request.binary))
    return hard(vouched, "No absolute path of the program is known.", "Find out why the node did not see the program.");
  trace.add("holds", vouched, `It is ${quoted(request.binary)}.`);
  const reading = "The host and port have one reading";
  const host = canonicalHost(request.host);
  if (host === null)
    return hard(reading, "The host can be read in more than one way.", "Ask for the host by its plain name.");
  if (!Number.isInteger(request.port) || request.port < 1 || request.port > 65535)
    return hard(reading, "The port is none.", "Ask for a port from 1 to 65535.");
  trace.add(
    "holds",
    reading,
    host === request.host ? `It is ${host}:${request.port}.` : `${quoted(request.host)} is read as ${host}.`,
  );
  if (host === INFERENCE_HOST) {
    const traced = traceInference(asked, callerOf(request));
    if (traced !== null) return traced;
  }
  const shut = traceAddressClass(host, request, trace);
  if (shut !== null) return shut;
  const named = endpointsFor(compiled, host, request.port);
  const unnamed = traceNames(asked, host, named);
  const caller = callerOf(request);
  const candidates = candidatesFor(compiled, host, request.port, caller, nowMs);
  // A private address is refused for good before anybody asks who may dial it.
  const addresses = addressesOf(host, request.ip) ?? [];
  const covered = candidates.filter((endpoint) => addresses.every((ip) => endpointCovers(endpoint, ip)));
  if (unnamed === null) tracePrograms(asked, named, candidates);
  if (covered.length === 0) return traceUncovered(asked, { host, addresses, candidates, named, unnamed });
  return traceCovered(asked, { host, addresses, candidates, covered });
}

const hard = (question: string, why: string, advice: string): Traced => ended({ kind: "hard", why, advice }, question);

function traceAddressClass(host: string, request: PolicyRequest, trace: Trace): Traced | null {
  const question = "The address may be dialled at all";
  const addresses = addressesOf(host, request.ip);
  if (addresses === null)
    return hard(question, "The resolved address cannot be read.", "Check what the resolver of the node answered.");
  for (const ip of addresses) {
    const shut = shutAddressReason(ip);
    if (shut !== null)
      return hard(
        question,
        `${shut}.`,
        "Give the agent what it looked for there in another way, for example as a file or a secret of the gateway.",
      );
  }
  if (addresses.length === 0) trace.add("skipped", question, "The address is not known yet.");
  else
    trace.add(
      "holds",
      question,
      `${addresses.join(" and ")}: nothing that belongs to the host or to a cloud's metadata.`,
    );
  return null;
}

function traceNames(
  { policy, trace, request }: Asked,
  host: string,
  named: readonly CompiledEndpoint[],
): Traced | null {
  const target = `${host}:${request.port}`;
  if (named.length > 0) {
    for (const key of [...new Set(named.map((endpoint) => endpoint.entry.key))].slice(0, ANSWERS_MAX)) {
      const first = named.find((endpoint) => endpoint.entry.key === key);
      if (first === undefined) continue;
      const by = first.endpoint.host === "" ? "by its addresses" : `as ${quoted(first.endpoint.host)}`;
      const field = endpointField(policy, key, first.endpoint);
      trace.add("holds", `Entry \`${key}\` names ${target}`, `It names it ${by}.`, `${field}.host`);
    }
    return null;
  }
  for (const near of nearEndpoints(policy, host, request.port))
    trace.add("fails", `Entry \`${near.key}\` names ${target}`, near.sentence, near.field);
  return ended({ kind: "unnamed" }, `Some entry names ${target}`);
}

function tracePrograms(
  { policy, trace, request, nowMs }: Asked,
  named: readonly CompiledEndpoint[],
  candidates: readonly CompiledEndpoint[],
): void {
  const caller = callerOf(request);
  const inForce = new Set(candidates.map((endpoint) => endpoint.entry.key));
  // Entries that name the program are told first: they are what the reader looks for.
  const keys = [...new Set(named.map((endpoint) => endpoint.entry.key))]
    .map((key) => ({ key, found: findProgram(policy.network_policies[key]?.binaries ?? [], caller) }))
    .sort((a, b) => rank(a.found) - rank(b.found));
  for (const { key, found } of keys.slice(0, ANSWERS_MAX)) {
    const title = `Entry \`${key}\` names the program`;
    if ("misses" in found) {
      const [miss] = found.misses;
      const field = miss === undefined ? `${entryField(key)}.binaries` : `${entryField(key)}.binaries[${miss.index}]`;
      trace.add("fails", title, miss?.sentence ?? "It names no program at all.", field);
      continue;
    }
    trace.add("holds", title, found.sentence, `${entryField(key)}.binaries[${found.index}]`);
    const expires = policy.network_policies[key]?.expires_at;
    if (expires === undefined) continue;
    const ended = Date.parse(expires) <= nowMs && !inForce.has(key);
    trace.add(
      ended ? "fails" : "holds",
      `Entry \`${key}\` is in force`,
      ended ? `It expired at ${expires}.` : `It expires at ${expires}.`,
      `${entryField(key)}.expires_at`,
    );
  }
}

const rank = (found: ReturnType<typeof findProgram>): number => ("misses" in found ? 1 : 0);

interface Uncovered {
  host: string;
  addresses: readonly string[];
  candidates: readonly CompiledEndpoint[];
  named: readonly CompiledEndpoint[];
  unnamed: Traced | null;
}

function traceUncovered({ policy, trace, request, nowMs }: Asked, found: Uncovered): Traced {
  const { host, addresses, candidates, named, unnamed } = found;
  if (candidates.length > 0) {
    const ip =
      addresses.find((one) => !candidates.some((endpoint) => endpointCovers(endpoint, one))) ?? addresses[0] ?? "";
    for (const { entry, endpoint } of candidates.slice(0, ANSWERS_MAX))
      trace.add(
        "fails",
        `Entry \`${entry.key}\` opens ${ip}`,
        endpoint.allowed_ips === undefined
          ? "It opens public addresses only."
          : `Its allowed_ips are ${endpoint.allowed_ips.slice(0, ANSWERS_MAX).join(", ")}.`,
        `${endpointField(policy, entry.key, endpoint)}${endpoint.allowed_ips === undefined ? "" : ".allowed_ips"}`,
      );
    const limits = candidates.find(({ endpoint }) => endpoint.allowed_ips !== undefined);
    const deciding =
      limits === undefined ? null : `${endpointField(policy, limits.entry.key, limits.endpoint)}.allowed_ips`;
    return ended({ kind: "address", ip, candidates }, "Some entry that applies opens the address", deciding);
  }
  if (unnamed !== null) return unnamed;
  const caller = callerOf(request);
  const expired = [...new Set(named.map(({ entry }) => entry))].filter(
    (entry) => entry.expiresAtMs <= nowMs && entry.binaries.some((binary) => binary.matches(caller)),
  );
  const [first] = expired;
  if (first !== undefined)
    return ended(
      { kind: "expired", keys: expired.map((entry) => entry.key) },
      "Some entry that names the program is in force",
      `${entryField(first.key)}.expires_at`,
    );
  return ended({ kind: "program", named }, `Some entry names the program for ${host}:${request.port}`);
}

interface Covered {
  host: string;
  addresses: readonly string[];
  candidates: readonly CompiledEndpoint[];
  covered: readonly CompiledEndpoint[];
}

function traceCovered({ policy, compiled, trace, request }: Asked, found: Covered): Traced | OpenConnection {
  const { host, addresses, candidates, covered } = found;
  const usable = covered.filter((endpoint) => endpoint.endpoint.host !== "" || addresses.length > 0);
  const [first] = usable;
  if (first === undefined) {
    const [bound] = covered;
    const field = bound === undefined ? null : `${endpointField(policy, bound.entry.key, bound.endpoint)}.allowed_ips`;
    return ended({ kind: "address_unknown" }, "The address is known, which an endpoint without host needs", field);
  }
  if (addresses.length > 0)
    trace.add(
      "holds",
      "Some entry that applies opens the address",
      `Entry \`${first.entry.key}\` opens ${addresses.join(" and ")}.`,
      endpointField(policy, first.entry.key, first.endpoint),
    );
  const missing = compiled.missingMiddlewares.find(
    (one) => one.include.some((matches) => matches(host)) && !one.exclude.some((matches) => matches(host)),
  );
  if (missing !== undefined)
    return ended(
      { kind: "middleware", key: missing.key },
      "Every middleware that must see this traffic is there",
      `network_middlewares.${missing.key}`,
    );
  if (request.method !== undefined) return { usable, candidates };
  return ended(
    { kind: "allowed_connection", endpoint: first, usable },
    "The connection is allowed",
    endpointField(policy, first.entry.key, first.endpoint),
  );
}
