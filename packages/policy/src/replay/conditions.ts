/** Which conditions of a version speak of parts that a record lacks. Invariant: one that is overlooked here would be a guess in a replay. */
import { isIpLiteral } from "../canonical/host.ts";
import type { CompiledEndpoint } from "../engine/compile.ts";
import type { CompiledPolicy } from "../engine/compiled.ts";
import { INFERENCE_HOST } from "../engine/inference.ts";
import { compileGlob } from "../glob.ts";
import type { Binary, Endpoint, InferenceSection } from "../model.ts";

/** Which parts of a request the record does not hold. */
export interface Lacks {
  sha256: boolean;
  script: boolean;
  ip: boolean;
  headers: boolean;
  body: boolean;
  /** Whether the request opened a WebSocket. */
  upgrade: boolean;
}

export interface Target {
  binary: string;
  /** Canonical. */
  host: string;
  port: number;
  /** Upper case; null judges the connection. */
  method: string | null;
}

export interface Conditions {
  missing: Set<string>;
  /** Keys of what holds or does not: `member:ENTRY`, `ips:LIST`, `inference-member`. */
  bits: string[];
  extremes: boolean;
  addresses: boolean;
  /** Endpoints in audit: there a denial lets pass, so each outcome is tried. */
  audited: CompiledEndpoint[];
  /** How the endpoint's verdict hangs on what is missing. */
  verdicts: Map<CompiledEndpoint, VerdictPart>;
  entryRequests: Set<string>;
  pinned: (binary: Binary) => boolean;
  certain: (binary: Binary) => boolean;
  models: boolean;
}

export function findConditions(
  compiled: CompiledPolicy,
  endpoints: readonly CompiledEndpoint[],
  target: Target,
  lacks: Lacks,
): Conditions {
  const pinned = (binary: Binary): boolean =>
    ((binary.sha256 !== undefined && lacks.sha256) || (binary.script !== undefined && lacks.script)) &&
    compileGlob(binary.path, { separator: "/" })(target.binary);
  const certain = (binary: Binary): boolean =>
    binary.sha256 === undefined &&
    binary.script === undefined &&
    compileGlob(binary.path, { separator: "/" })(target.binary);
  const found: Conditions = {
    missing: new Set(),
    bits: [],
    extremes: false,
    addresses: false,
    audited: [],
    verdicts: new Map(),
    entryRequests: new Set(),
    pinned,
    certain,
    models: false,
  };
  findPins(compiled, endpoints, target, lacks, found);
  for (const endpoint of endpoints) {
    findAddresses(endpoint, target, lacks, found);
    if (target.method !== null) findVerdict(endpoint, target.method, lacks, found);
  }
  if (target.host === INFERENCE_HOST) findModels(compiled.policy.inference, target, lacks, found);
  return found;
}

function findPins(
  compiled: CompiledPolicy,
  endpoints: readonly CompiledEndpoint[],
  target: Target,
  lacks: Lacks,
  found: Conditions,
): void {
  const note = (bit: string, binaries: readonly Binary[]): void => {
    const open = binaries.filter(found.pinned);
    if (open.length === 0 || binaries.some(found.certain) || found.bits.includes(bit)) return;
    found.bits.push(bit);
    if (open.some((binary) => binary.sha256 !== undefined && lacks.sha256)) found.missing.add("the program's digest");
    if (open.some((binary) => binary.script !== undefined && lacks.script)) found.missing.add("the script");
  };
  for (const { entry } of endpoints)
    note(`member:${entry.key}`, compiled.policy.network_policies[entry.key]?.binaries ?? []);
  if (target.host === INFERENCE_HOST) note("inference-member", compiled.policy.inference?.binaries ?? []);
}

export const ipsBit = (list: readonly string[]): string => `ips:${[...list].sort().join(" ")}`;

function findAddresses({ endpoint }: CompiledEndpoint, target: Target, lacks: Lacks, found: Conditions): void {
  // Of an address nobody needs to ask what it resolves to.
  if (endpoint.allowed_ips === undefined || !lacks.ip || isIpLiteral(target.host)) return;
  found.addresses = true;
  found.missing.add("the resolved address");
  const bit = ipsBit(endpoint.allowed_ips);
  if (!found.bits.includes(bit)) found.bits.push(bit);
}

function findVerdict(endpoint: CompiledEndpoint, method: string, lacks: Lacks, found: Conditions): void {
  if (!endpoint.inspected) return;
  if (endpoint.entry.request !== null && lacks.headers) {
    found.entryRequests.add(endpoint.entry.key);
    found.extremes = true;
    found.missing.add("the headers");
  }
  const how = verdictHangsOn(endpoint.endpoint, method, lacks);
  if (how === null) return;
  found.verdicts.set(endpoint, how.part);
  found.missing.add(how.what);
  if (endpoint.endpoint.enforcement === "audit") found.audited.push(endpoint);
  else found.extremes = true;
}

export type VerdictPart = "clauses" | "body" | "upgrade";

function verdictHangsOn(endpoint: Endpoint, method: string, lacks: Lacks): { part: VerdictPart; what: string } | null {
  const { protocol } = endpoint;
  const bodyProtocol = protocol === "graphql" || protocol === "mcp" || protocol === "json-rpc";
  if (bodyProtocol && method === "POST" && lacks.body) return { part: "body", what: "the body" };
  if (protocol === "websocket" && method === "WEBSOCKET_TEXT" && lacks.body && speaksGraphql(endpoint))
    return { part: "body", what: "the message" };
  if (protocol === "websocket" && method === "GET" && lacks.upgrade)
    return { part: "upgrade", what: "whether it opens a WebSocket" };
  const clauses = [...(endpoint.rules ?? []).map((rule) => rule.allow), ...(endpoint.deny_rules ?? [])];
  return lacks.headers && clauses.some((clause) => clause.request !== undefined)
    ? { part: "clauses", what: "the headers" }
    : null;
}

const speaksGraphql = ({ rules, deny_rules }: Endpoint): boolean =>
  [...(rules ?? []).map((rule) => rule.allow), ...(deny_rules ?? [])].some(
    (clause) => clause.operation_type !== undefined,
  );

function findModels(section: InferenceSection | undefined, target: Target, lacks: Lacks, found: Conditions): void {
  const { method } = target;
  if (section?.models === undefined || !lacks.body || method === null || method === "GET" || method === "HEAD") return;
  found.models = true;
  found.extremes = true;
  found.missing.add("the model's name");
}
