/** Routes around what was reviewed: uninspected neighbours, protocols that undo one another, credentials. */
import type { CredentialTarget } from "../model.ts";
import { fieldOf, isInspected, type Lint } from "./context.ts";
import { sharedProgram } from "./covers.ts";
import type { Ref } from "./endpoints.ts";
import { suffixOf } from "./endpoints.ts";
import { sampleCaller, sampleConnection, sampleHost, sampleOf, sampleRequest } from "./samples.ts";

/** An inspected endpoint beside another of the same host, port and program that lets pass what this one was written to judge. */
export function lintNeighbours(lint: Lint, ref: Ref): void {
  if (!isInspected(ref.endpoint)) return;
  for (const port of ref.endpoint.ports)
    for (const other of lint.endpoints.applying(ref.endpoint.host, port)) {
      if (other.endpoint === ref.endpoint) continue;
      if (!lint.spend(ref.entry.binaries.length * other.entry.binaries.length)) return;
      const binary = sharedProgram(ref.entry.binaries, other.entry.binaries);
      if (binary === null) continue;
      const caller = sampleCaller(binary);
      if (!isInspected(other.endpoint)) besideUninspected(lint, ref, other, caller);
      else if (judgesBody(ref) && other.endpoint.protocol === "rest") besideRest(lint, ref, other, caller);
      else if (ref.endpoint.path !== undefined && other.endpoint.path === undefined) pathEnds(lint, ref, other, caller);
    }
}

type Caller = ReturnType<typeof sampleCaller>;
const judgesBody = ({ endpoint }: Ref): boolean =>
  endpoint.protocol === "mcp" || endpoint.protocol === "graphql" || endpoint.protocol === "json-rpc";
const selectorSample = ({ endpoint }: Ref): string =>
  (endpoint.path === undefined ? null : sampleOf(endpoint.path, "/")) ?? "/x";

function besideUninspected(lint: Lint, ref: Ref, other: Ref, caller: Caller): void {
  const port = ref.endpoint.ports.find((one) => other.endpoint.ports.includes(one)) ?? 443;
  const request = { ...sampleRequest(ref, { method: "DELETE", path: "/x" }, caller), port, ip: undefined };
  const open = lint.allowed(request);
  if (!open && (ref.endpoint.path === undefined || !lint.allowed({ ...request, path: "/" }))) return;
  lint.warnOnce(
    "uninspected_beside",
    fieldOf(ref),
    fieldOf(ref),
    `Entry \`${other.key}\` allows ${caller.binary} ${request.host}:${port} without inspection, so also DELETE ${open ? "/x" : "/"}; the rules here narrow nothing.`,
    `Remove the endpoint from \`${other.key}\`, or give it a protocol.`,
  );
}

/** A rule over method and path lets a body pass that the neighbour was written to judge. */
function besideRest(lint: Lint, ref: Ref, other: Ref, caller: Caller): void {
  const path = selectorSample(ref);
  const port = ref.endpoint.ports.find((one) => other.endpoint.ports.includes(one)) ?? 443;
  const request = { ...sampleRequest(ref, { method: "POST", path, body: "unreadable" }, caller), port };
  if (!lint.allowed(request)) {
    if (ref.endpoint.path !== undefined) pathEnds(lint, ref, other, caller);
    return;
  }
  lint.warnOnce(
    "protocols_differ",
    fieldOf(ref),
    `${fieldOf(ref)}.protocol`,
    `Entry \`${other.key}\` allows ${caller.binary} to POST ${path} to ${request.host}:${port} as protocol rest, whatever its body; the ${ref.endpoint.protocol ?? ""} rules narrow nothing.`,
    "Give this endpoint a `path`, so that it alone speaks there, or narrow the other.",
  );
}

/** What lies below a narrow endpoint's path falls to the wide one. */
function pathEnds(lint: Lint, ref: Ref, other: Ref, caller: Caller): void {
  const { path } = ref.endpoint;
  if (path === undefined || path.endsWith("**")) return;
  const port = ref.endpoint.ports.find((one) => other.endpoint.ports.includes(one)) ?? 443;
  const at = (target: string) => ({
    ...sampleRequest(ref, { method: "POST", path: target, body: "unreadable" }, caller),
    port,
  });
  const below = `${selectorSample(ref).replace(/\/$/, "")}/x`;
  if (lint.allowed(at(selectorSample(ref))) || !lint.allowed(at(below))) return;
  lint.warnOnce(
    "selector_slipped",
    fieldOf(ref),
    `${fieldOf(ref)}.path`,
    `The endpoint's path ends at ${path}; POST ${below} falls to entry \`${other.key}\`, which allows it.`,
    `Write "${path}/**", which also covers ${path}.`,
  );
}

/** Port 80 is read by everybody on the way. */
const PLAIN_PORT = 80;

export function lintCredentials(lint: Lint): void {
  for (const [name, credential] of Object.entries(lint.policy.credentials))
    for (const [index, target] of credential.endpoints.entries()) {
      const field = `credentials.${name}.endpoints[${index}]`;
      if (!lint.begin("credentials", field) || !lint.spend(target.ports.length)) return;
      const reaching = target.ports.flatMap((port) => reachOf(lint, target, port));
      if (reaching.length === 0)
        lint.warn(
          "credential_unreachable",
          field,
          `No entry reaches ${target.host}:${target.ports.join(", ")}, so \`${name}\` is never used.`,
          "Add the endpoint to the entry that uses it, or remove the credential.",
        );
      const raw = reaching.find(
        (ref) => !isInspected(ref.endpoint) && lint.allowed({ ...sampleConnection(ref), host: hostOf(target, ref) }),
      );
      if (raw !== undefined)
        lint.warn(
          "credential_uninspected",
          field,
          `Entry \`${raw.key}\` reaches ${hostOf(target, raw)}:${raw.endpoint.ports.join(", ")} without inspection: there \`${name}\` cannot be put in, and nobody sees what else goes where it is valid.`,
          `Give that endpoint \`protocol: rest\` and rules, without \`tls: skip\`.`,
        );
      if (target.ports.includes(PLAIN_PORT)) warnPlain(lint, field, `\`${name}\` goes to ${target.host}`);
    }
  for (const ref of lint.endpoints.all) {
    if (!lint.begin("credentials", fieldOf(ref))) return;
    lintEndpointCredentials(lint, ref);
  }
}

const hostOf = (target: CredentialTarget, ref: Ref): string =>
  sampleHost(target.host.includes("*") ? ref.endpoint.host : target.host);

function reachOf(lint: Lint, target: CredentialTarget, port: number): Ref[] {
  const named = lint.endpoints.applying(target.host, port);
  if (named.length > 0 || !target.host.includes("*")) return named;
  // A pattern is reached by any endpoint below its plain end.
  if (!lint.spend(lint.endpoints.all.length)) return [];
  const suffix = suffixOf(target.host);
  return lint.endpoints.all
    .filter(({ endpoint }) => endpoint.ports.includes(port) && endpoint.host.endsWith(`.${suffix}`))
    .slice(0, 16);
}

function warnPlain(lint: Lint, field: string, what: string): void {
  lint.warn(
    "credential_plain_http",
    field,
    `${what} on port ${PLAIN_PORT}, which is plain HTTP: everybody on the way can read it.`,
    "Use port 443.",
  );
}

function lintEndpointCredentials(lint: Lint, ref: Ref): void {
  const { endpoint } = ref;
  const field = fieldOf(ref);
  const carried = (
    [
      "credential_signing",
      "credential_binding",
      "websocket_credential_rewrite",
      "request_body_credential_rewrite",
    ] as const
  ).find((name) => endpoint[name] !== undefined && endpoint[name] !== false);
  if (endpoint.allow_uninspected_credentials === true)
    lint.warn(
      "uninspected_credentials",
      `${field}.allow_uninspected_credentials`,
      `Credentials may leave to ${endpoint.host} by traffic that nothing inspects.`,
      "Choose an inspected protocol, and remove the field.",
    );
  if (carried === undefined) return;
  if (endpoint.host.includes("*"))
    lint.warn(
      "credential_wide_endpoint",
      `${field}.${carried}`,
      `Credentials go to every host of ${endpoint.host}, for example ${sampleHost(endpoint.host)}.`,
      "Name the hosts that need them.",
    );
  if (!isInspected(endpoint) && endpoint.allow_uninspected_credentials !== true)
    lint.warn(
      "credential_uninspected",
      `${field}.${carried}`,
      `\`${carried}\` stands on an endpoint that nothing inspects, so the credential cannot be put in.`,
      "Give the endpoint a protocol.",
    );
  if (endpoint.ports.includes(PLAIN_PORT))
    warnPlain(lint, `${field}.${carried}`, `A credential goes to ${endpoint.host}`);
}
