/** The connection: who asks, for which host, port and address, in the order of the decision. */
import { addressClass, addressWithin, canonicalAddress, coverableClasses } from "../canonical/address.ts";
import { canonicalHost, isIpLiteral } from "../canonical/host.ts";
import { INFERENCE_HOST } from "../engine/inference.ts";
import type { Endpoint, Policy, PolicyEntry } from "../model.ts";
import type { PolicyRequest } from "../types.ts";
import { ended, hard, type Traced } from "./cause.ts";
import { traceInference } from "./inference.ts";
import { hostGlobMatches, nearEndpoints } from "./near.ts";
import { type EndpointRef, programNamed, vouchedFor } from "./probe.ts";
import { tracePrograms } from "./programs.ts";
import { ANSWERS_MAX, type Asked, endpointField, entryField, quoted, type Trace } from "./trace.ts";

/** The endpoints that may speak of a request, once the connection itself is found to be allowed. */
export interface OpenConnection {
  /** Those whose address conditions hold. */
  usable: readonly EndpointRef[];
  /** Those of the program, host and port, whose deny rules count. */
  candidates: readonly EndpointRef[];
}

export function traceConnection(asked: Asked): Traced | OpenConnection {
  const { policy, request, nowMs, trace } = asked;
  const vouched = "The program is vouched for";
  if (!vouchedFor(request))
    return hard(vouched, "No absolute path of the program is known.", "Find out why the node did not see the program.");
  trace.add("holds", vouched, `It is ${quoted(request.binary)}.`);
  const reading = "The host and port have one reading";
  const host = canonicalHost(request.host);
  if (host === null)
    return hard(reading, "The host can be read in more than one way.", "Ask for the host by its plain name.");
  if (!Number.isInteger(request.port) || request.port < 1 || request.port > 65535)
    return hard(reading, "The port is none.", "Ask for a port from 1 to 65535.");
  const same = host === request.host;
  trace.add("holds", reading, same ? `It is ${host}:${request.port}.` : `${quoted(request.host)} is read as ${host}.`);
  if (host === INFERENCE_HOST) {
    const traced = traceInference(asked);
    if (traced !== null) return traced;
  }
  const addresses = traceAddressClass(host, request, trace);
  if (!Array.isArray(addresses)) return addresses;
  const named = endpointsNaming(policy, host, request.port);
  const unnamed = traceNames(asked, host, named);
  if (unnamed === null) tracePrograms(asked, named);
  const ofProgram = namedFor(named, request);
  const candidates = ofProgram.filter(({ entry }) => !isExpired(entry, nowMs));
  const found = { host, addresses, candidates };
  const covered = candidates.filter(({ endpoint }) => addresses.every((ip) => coversAddress(endpoint, ip)));
  if (covered.length > 0) return traceCovered(asked, { ...found, covered });
  if (candidates.length > 0) return traceUncovered(trace, found);
  return unnamed ?? nobodyNamed({ host, request, named, ofProgram });
}

const isExpired = (entry: PolicyEntry, nowMs: number): boolean =>
  entry.expires_at !== undefined && Date.parse(entry.expires_at) <= nowMs;

/** Every endpoint that names the host and port, in the order in which the engine looks at them: by the entries' keys. */
function endpointsNaming(policy: Policy, host: string, port: number): EndpointRef[] {
  const found: EndpointRef[] = [];
  for (const key of Object.keys(policy.network_policies).sort()) {
    const entry = policy.network_policies[key];
    for (const [index, endpoint] of entry?.endpoints.entries() ?? [])
      if (entry !== undefined && endpoint.ports.includes(port) && namesHost(endpoint, host))
        found.push({ key, index, entry, endpoint });
  }
  return found;
}

const namesHost = ({ host: pattern }: Endpoint, host: string): boolean =>
  pattern === "" || pattern === host || (pattern.includes("*") && hostGlobMatches(pattern, host));

/** Entries are asked once each: one may hold many endpoints of the same host. */
function namedFor(named: readonly EndpointRef[], request: PolicyRequest): EndpointRef[] {
  const answers = new Map<string, boolean>();
  return named.filter(({ key, entry }) => {
    const known = answers.get(key) ?? entry.binaries.some((binary) => programNamed(binary, request));
    answers.set(key, known);
    return known;
  });
}

const coversAddress = ({ allowed_ips: allowed }: Endpoint, ip: string): boolean =>
  allowed === undefined ? addressClass(ip) === "public" : addressWithin(ip, allowed);

/** Every address that would be reached, or why no policy opens one of them. */
function traceAddressClass(host: string, request: PolicyRequest, trace: Trace): string[] | Traced {
  const question = "The address may be dialled at all";
  const resolved = request.ip === undefined ? undefined : canonicalAddress(request.ip);
  if (resolved === null)
    return hard(question, "The resolved address cannot be read.", "Check what the resolver of the node answered.");
  const addresses = [...(isIpLiteral(host) ? [host] : []), ...(resolved === undefined ? [] : [resolved])];
  const shut = addresses.find((ip) => !coverableClasses.includes(addressClass(ip)));
  if (shut !== undefined)
    return hard(
      question,
      `${shut} belongs to this host or to a cloud's metadata service.`,
      "Give the agent what it looked for there in another way, for example as a file or a secret of the gateway.",
    );
  if (addresses.length === 0) trace.add("skipped", question, "The address is not known yet.");
  else trace.add("holds", question, `${addresses.join(" and ")}: not of this host, and no cloud's metadata service.`);
  return addresses;
}

function traceNames({ policy, trace, request }: Asked, host: string, named: readonly EndpointRef[]): Traced | null {
  const target = `${host}:${request.port}`;
  const shown = new Set<string>();
  for (const ref of named) {
    if (shown.has(ref.key) || shown.size >= ANSWERS_MAX) continue;
    shown.add(ref.key);
    const by = ref.endpoint.host === "" ? "by its addresses" : `as ${quoted(ref.endpoint.host)}`;
    trace.add("holds", `Entry \`${ref.key}\` names ${target}`, `It names it ${by}.`, `${endpointField(ref)}.host`);
  }
  if (named.length > 0) return null;
  for (const near of nearEndpoints(policy, host, request.port))
    trace.add("fails", `Entry \`${near.key}\` names ${target}`, near.sentence, near.field);
  return ended({ kind: "unnamed" }, `Some entry names ${target}`);
}

interface Found {
  host: string;
  addresses: readonly string[];
  candidates: readonly EndpointRef[];
}

function traceUncovered(trace: Trace, { addresses, candidates }: Found): Traced {
  const uncovered = addresses.find((one) => !candidates.some(({ endpoint }) => coversAddress(endpoint, one)));
  const ip = uncovered ?? addresses[0] ?? "";
  for (const ref of candidates.slice(0, ANSWERS_MAX)) {
    const { allowed_ips: allowed } = ref.endpoint;
    trace.add(
      "fails",
      `Entry \`${ref.key}\` opens ${ip}`,
      allowed === undefined
        ? "It opens public addresses only."
        : `Its allowed_ips are ${allowed.slice(0, ANSWERS_MAX).join(", ")}.`,
      `${endpointField(ref)}${allowed === undefined ? "" : ".allowed_ips"}`,
    );
  }
  const limits = candidates.find(({ endpoint }) => endpoint.allowed_ips !== undefined);
  return ended(
    { kind: "address", ip, candidates },
    "Some entry that applies opens the address",
    limits === undefined ? null : `${endpointField(limits)}.allowed_ips`,
  );
}

interface Nobody {
  host: string;
  request: PolicyRequest;
  named: readonly EndpointRef[];
  ofProgram: readonly EndpointRef[];
}

function nobodyNamed({ host, request, named, ofProgram }: Nobody): Traced {
  const [first] = ofProgram;
  if (first === undefined)
    return ended({ kind: "program", named }, `Some entry names the program for ${host}:${request.port}`);
  return ended(
    { kind: "expired", keys: [...new Set(ofProgram.map(({ key }) => key))] },
    "Some entry that names the program is in force",
    `${entryField(first.key)}.expires_at`,
  );
}

function traceCovered(asked: Asked, found: Found & { covered: readonly EndpointRef[] }): Traced | OpenConnection {
  const { trace, request } = asked;
  const { host, addresses, candidates, covered } = found;
  const usable = covered.filter(({ endpoint }) => endpoint.host !== "" || addresses.length > 0);
  const [first] = usable;
  if (first === undefined) {
    const field = covered[0] === undefined ? null : `${endpointField(covered[0])}.allowed_ips`;
    return ended({ kind: "address_unknown" }, "The address is known, which an endpoint without host needs", field);
  }
  if (addresses.length > 0)
    trace.add(
      "holds",
      "Some entry that applies opens the address",
      `Entry \`${first.key}\` opens ${addresses.join(" and ")}.`,
      endpointField(first),
    );
  const missing = missingMiddleware(asked, host);
  if (missing !== null)
    return ended(
      { kind: "middleware", key: missing },
      "Every middleware that must see this traffic is there",
      `network_middlewares.${missing}`,
    );
  if (request.method !== undefined) return { usable, candidates };
  return ended({ kind: "allowed_connection", at: first }, "The connection is allowed", endpointField(first));
}

function missingMiddleware({ policy, options }: Asked, host: string): string | null {
  const matches = (patterns: readonly string[]): boolean =>
    patterns.some((pattern) => pattern === host || (pattern.includes("*") && hostGlobMatches(pattern, host)));
  for (const [key, { middleware, on_error, endpoints }] of Object.entries(policy.network_middlewares))
    if (
      on_error === "fail_closed" &&
      options.middlewares?.includes(middleware) !== true &&
      matches(endpoints.include) &&
      !matches(endpoints.exclude ?? [])
    )
      return key;
  return null;
}
