/**
 * Questions put to the engine about a part of a policy: a file with this part alone, whose rest allows everything, is judged.
 * So an explanation has no second reading of requests that could disagree with the one that decides.
 */
import { compilePolicy } from "../engine/compile.ts";
import { decide } from "../engine/decide.ts";
import { hasWildcard } from "../glob.ts";
import type { Binary, Clause, Endpoint, Policy, PolicyEntry } from "../model.ts";
import type { PolicyRequest } from "../types.ts";

/** An endpoint of the file and where it stands in its entry. */
export interface EndpointRef {
  key: string;
  index: number;
  entry: PolicyEntry;
  endpoint: Endpoint;
}

const EVERYBODY: Binary[] = [{ path: "/**" }];
/** A connection that nothing but its program can decide. */
const SOMEWHERE = { host: "probe.example", port: 443 };
/** Before every expiry; probes hold no entry that could expire. */
const ANY_TIME_MS = 0;

function allows(policy: Pick<Policy, "network_policies"> & Partial<Policy>, request: PolicyRequest): boolean {
  const whole: Policy = { version: 1, mode: "enforce", network_middlewares: {}, credentials: {}, tests: [], ...policy };
  return decide(compilePolicy(whole), request, ANY_TIME_MS).decision === "allow";
}

const entryOf = (endpoints: Endpoint[], binaries = EVERYBODY): Policy["network_policies"] => ({
  probe: { name: "probe", endpoints, binaries },
});

/** Does this binary of an entry name the program that asks? */
export function programNamed(binary: Binary, request: PolicyRequest): boolean {
  const { binary: path, sha256, script, ancestors } = request;
  // Of thousands of entries most name another path outright; asking the engine would only cost time.
  if (binary.path !== path && binary.inherit !== true && !hasWildcard(binary.path)) return false;
  return allows(
    {
      network_policies: entryOf([{ host: SOMEWHERE.host, ports: [SOMEWHERE.port], enforcement: "enforce" }], [binary]),
    },
    { binary: path, sha256, script, ancestors, ...SOMEWHERE },
  );
}

export const vouchedFor = (request: PolicyRequest): boolean =>
  programNamed({ path: "/**" }, { ...request, sha256: undefined, script: undefined, ancestors: undefined });

/** Addresses are judged before any rule; a probe of rules leaves them aside. */
const overName = (request: PolicyRequest): PolicyRequest => ({
  ...request,
  host: SOMEWHERE.host,
  port: SOMEWHERE.port,
  ip: undefined,
});

const plain = (endpoint: Endpoint): Endpoint => ({
  ...endpoint,
  host: SOMEWHERE.host,
  ports: [SOMEWHERE.port],
  path: undefined,
  allowed_ips: undefined,
  enforcement: "enforce",
  allow_encoded_slash: true,
});

const restOf = (more: Partial<Endpoint>): Endpoint => ({
  ...plain({ host: "", ports: [], enforcement: "enforce" }),
  protocol: "rest",
  access: "full",
  ...more,
});

/** Have method and target one reading? */
export const requestReadable = (request: PolicyRequest): boolean =>
  allows({ network_policies: entryOf([restOf({})]) }, overName(request));

/** Does an endpoint with this `path` cover the request in some reading, so that it speaks? A deny of it tells. */
export const selectorSpeaks = (path: string | undefined, request: PolicyRequest): boolean =>
  path === undefined ||
  !allows(
    {
      network_policies: entryOf([
        restOf({ path, deny_rules: [{ method: "*", path: "/**" }] }),
        { ...plain({ host: "", ports: [], enforcement: "enforce" }), allow_encoded_slash: undefined },
      ]),
    },
    { ...overName(request), method: "GET", headers: undefined, body: undefined },
  );

/** Does it cover the request as it stands, so that it may allow it? */
export const selectorCovers = (path: string | undefined, request: PolicyRequest): boolean =>
  path === undefined ||
  allows(
    { network_policies: entryOf([restOf({ path })]) },
    { ...overName(request), method: "GET", headers: undefined, body: undefined },
  );

/** Does the endpoint allow the request, its deny rules, path, address and encoded slash aside? */
export const endpointAllows = (endpoint: Endpoint, request: PolicyRequest): boolean =>
  allows({ network_policies: entryOf([{ ...plain(endpoint), deny_rules: undefined }]) }, overName(request));

export const slashAccepted = (endpoint: Endpoint, request: PolicyRequest): boolean =>
  endpoint.allow_encoded_slash === true ||
  allows({ network_policies: entryOf([restOf({ allow_encoded_slash: undefined })]) }, overName(request));

/** Does this one rule allow the request? */
export const ruleAllows = (endpoint: Endpoint, clause: Clause, request: PolicyRequest): boolean =>
  endpointAllows(
    {
      ...endpoint,
      access: undefined,
      rules: [{ allow: clause }],
      ...(endpoint.mcp === undefined ? {} : { mcp: { ...endpoint.mcp, allow_all_known_mcp_methods: false } }),
    },
    request,
  );

/** Does one of these deny rules hold? An uninspected neighbour allows all that no deny rule holds against. */
export const denyHolds = (endpoint: Endpoint, clauses: readonly Clause[], request: PolicyRequest): boolean =>
  !allows(
    {
      network_policies: entryOf([
        { ...plain(endpoint), deny_rules: [...clauses] },
        { ...plain({ host: "", ports: [], enforcement: "enforce" }), allow_encoded_slash: undefined },
      ]),
    },
    overName(request),
  );

/** Do the entry's `request` conditions hold? */
export const conditionsHold = (entry: PolicyEntry, request: PolicyRequest): boolean =>
  entry.request === undefined ||
  allows(
    {
      network_policies: {
        probe: { name: "probe", binaries: EVERYBODY, endpoints: [restOf({})], request: entry.request },
      },
    },
    overName(request),
  );

/** What the `inference` section alone says. */
export const inferenceAllows = (policy: Policy, request: PolicyRequest): boolean =>
  allows({ network_policies: {}, inference: policy.inference }, request);
