/** Entries and endpoints as the engine sees them; what costs something is compiled when it is first asked. */
import { type AddressRanges, compileRanges } from "../canonical/address.ts";
import type { GlobMatcher } from "../glob/types.ts";
import { compileGlob } from "../glob.ts";
import { BODY_BYTES_DEFAULT } from "../limits.ts";
import type { Access, Clause, Endpoint, EntryLimits, PolicyEntry } from "../model.ts";
import { type CompiledBinary, compileBinary } from "./binary.ts";
import { BodyIndex } from "./body-index.ts";
import { type ClauseList, type CompiledClause, canonicalPattern, compileClauses } from "./clause.ts";
import { type CompiledRequestMatcher, compileRequestMatcher } from "./headers.ts";
import { Pool, type ProgramList, TRIED_ONE_BY_ONE_MAX } from "./pool.ts";

export interface CompiledEntry {
  key: string;
  source: PolicyEntry;
  expiresAtMs: number;
  binaries: readonly CompiledBinary[];
  /** The same as one list, where they are few. */
  programs: ProgramList | null;
  request: CompiledRequestMatcher | null;
  limits: EntryLimits | null;
}

export interface CompiledEndpoint {
  entry: CompiledEntry;
  /** Position in the sorted file; the first that matches gives its name to the decision. */
  order: number;
  endpoint: Endpoint;
  inspected: boolean;
  audit: boolean;
  /** HTTP without a `path` of its own, and with so few rules that trying them all is the fastest. */
  fewRules: boolean;
  access: Access | null;
  /** Null: the host is plain, and the index alone matches it. */
  host: GlobMatcher | null;
  /** The `path` in canonical form, or null. */
  selectorPattern: string | null;
  /** In any case of the letters: who speaks. */
  selector: GlobMatcher | null;
  /** As written: what may be allowed. */
  exactSelector: GlobMatcher | null;
  /** Of endpoints that share host and port, those with the longest selector judge a request. */
  specificity: number;
  /** Null: any public address. */
  addresses: AddressRanges | null;
  allow: ClauseList;
  deny: ClauseList;
  /** The GraphQL clauses of a WebSocket endpoint, which judge its messages; null where none speaks of GraphQL. */
  messages: { allow: ClauseList; deny: ClauseList } | null;
  /** The rules that judge a body, by what they name. */
  bodies: { allow: BodyIndex; deny: BodyIndex };
  /** After an upgrade bytes flow unjudged, so only an endpoint that allows everything, or speaks of WebSockets, may open one. */
  allowsUpgrade: boolean;
  /** Bytes of body that some rule judges. */
  bodyBytesMax: number;
}

/** One rule of one endpoint. */
export interface EndpointClause {
  endpoint: CompiledEndpoint;
  clause: CompiledClause;
}

export const timeMs = (text: string | undefined): number =>
  text === undefined ? Number.POSITIVE_INFINITY : Date.parse(text);

export class LazyEntry implements CompiledEntry {
  readonly key: string;
  readonly source: PolicyEntry;
  readonly programs: ProgramList | null;
  /** Null for most, so that no entry keeps a number of its own for "never". */
  private readonly endsAtMs: number | null;
  readonly request: CompiledRequestMatcher | null;
  private binaryMatchers: readonly CompiledBinary[] | undefined;

  /** `pool`: what the entries of a file have in common. */
  constructor(key: string, source: PolicyEntry, pool = new Pool()) {
    this.key = key;
    this.source = source;
    this.programs = pool.programsOf(source.binaries);
    this.endsAtMs = source.expires_at === undefined ? null : timeMs(source.expires_at);
    this.request = source.request === undefined ? null : compileRequestMatcher(source.request);
  }
  get expiresAtMs(): number {
    return this.endsAtMs ?? Number.POSITIVE_INFINITY;
  }
  get binaries(): readonly CompiledBinary[] {
    this.binaryMatchers ??= this.source.binaries.map(compileBinary);
    return this.binaryMatchers;
  }
  get limits(): EntryLimits | null {
    return this.source.limits ?? null;
  }
}

export const compileHostGlob = (pattern: string): GlobMatcher => {
  const glob = compileGlob(pattern, { separator: "." });
  // A wildcard label stands for at least one character; `**.x.y` never means a name that begins with a dot.
  return (host) => !host.startsWith(".") && !host.includes("..") && glob(host);
};

const isGraphql = ({ source }: CompiledClause): boolean => source.operation_type !== undefined;

export class LazyEndpoint implements CompiledEndpoint {
  readonly entry: CompiledEntry;
  readonly order: number;
  readonly endpoint: Endpoint;
  readonly inspected: boolean;
  readonly audit: boolean;
  readonly fewRules: boolean;
  readonly access: Access | null;
  private readonly isPublic: boolean;
  private allowList: ClauseList | null;
  private denyList: ClauseList | null;
  private compiled: Partial<
    Pick<
      CompiledEndpoint,
      "host" | "selector" | "exactSelector" | "addresses" | "messages" | "bodies" | "allowsUpgrade" | "bodyBytesMax"
    >
  > = NOTHING_COMPILED;

  /** `pool`: what the endpoints of a file have in common. */
  constructor(entry: CompiledEntry, endpoint: Endpoint, order: number, pool = new Pool()) {
    const { access, rules = [], deny_rules: denies = [], allowed_ips: ranges } = endpoint;
    this.entry = entry;
    this.endpoint = endpoint;
    this.order = order;
    this.inspected = endpoint.protocol !== undefined && endpoint.protocol !== "tcp";
    this.audit = endpoint.enforcement === "audit";
    this.access = access ?? null;
    this.isPublic = ranges === undefined;
    const few = rules.length <= TRIED_ONE_BY_ONE_MAX && denies.length <= TRIED_ONE_BY_ONE_MAX;
    this.fewRules = few && endpoint.protocol === "rest" && endpoint.path === undefined;
    this.allowList = few ? pool.clausesOf(allowsOf(endpoint), { deny: false }) : null;
    this.denyList = few ? pool.clausesOf(denies, { deny: true }) : null;
  }

  get host(): GlobMatcher | null {
    const { host } = this.endpoint;
    return this.once("host", () => (host.includes("*") ? compileHostGlob(host) : null));
  }
  get selectorPattern(): string | null {
    return this.endpoint.path === undefined ? null : canonicalPattern(this.endpoint.path);
  }
  get selector(): GlobMatcher | null {
    if (this.endpoint.path === undefined) return null;
    // Another case of a narrow endpoint's path must not fall to a wide one.
    return this.once("selector", () => {
      const pattern = this.selectorPattern;
      return pattern === null ? null : compileGlob(pattern, { separator: "/", ignoreCase: true });
    });
  }
  get exactSelector(): GlobMatcher | null {
    const pattern = this.selectorPattern;
    return pattern === null ? null : this.once("exactSelector", () => compileGlob(pattern, { separator: "/" }));
  }
  get specificity(): number {
    return specificityOf(this.endpoint.path);
  }
  get addresses(): AddressRanges | null {
    if (this.isPublic) return null;
    const allowed = this.endpoint.allowed_ips;
    return allowed === undefined ? null : this.once("addresses", () => compileRanges(allowed));
  }
  get allow(): ClauseList {
    this.allowList ??= compileClauses(allowsOf(this.endpoint), { deny: false });
    return this.allowList;
  }
  get deny(): ClauseList {
    this.denyList ??= compileClauses(this.endpoint.deny_rules ?? [], { deny: true });
    return this.denyList;
  }
  get messages(): CompiledEndpoint["messages"] {
    if (this.endpoint.protocol !== "websocket") return null;
    return this.once("messages", () => {
      const allow = this.allow.all.filter(isGraphql);
      const deny = this.deny.all.filter(isGraphql);
      return allow.length === 0 && deny.length === 0 ? null : { allow: { all: allow }, deny: { all: deny } };
    });
  }
  get bodies(): CompiledEndpoint["bodies"] {
    return this.once("bodies", () => {
      const { allow, deny } = this.messages ?? this;
      return { allow: new BodyIndex(allow, { deny: false }), deny: new BodyIndex(deny, { deny: true }) };
    });
  }
  get allowsUpgrade(): boolean {
    const { access, websocket_credential_rewrite: rewrites } = this.endpoint;
    if (rewrites === true) return true;
    // What a deny rule shuts would stand open behind the upgrade.
    if (this.endpoint.deny_rules !== undefined) return false;
    return access === "full" || this.once("allowsUpgrade", () => allowsOf(this.endpoint).some(allowsEverything));
  }
  get bodyBytesMax(): number {
    return this.once("bodyBytesMax", () => {
      let bytes = bodyBytesOfProtocol(this.endpoint);
      bytes = Math.max(bytes, this.entry.request?.bodyBytesMax ?? 0);
      for (const clause of allowsOf(this.endpoint)) bytes = Math.max(bytes, clause.request?.max_body_bytes ?? 0);
      return bytes;
    });
  }

  private once<K extends keyof LazyEndpoint["compiled"]>(key: K, make: () => CompiledEndpoint[K]): CompiledEndpoint[K] {
    const known = this.compiled[key];
    if (known !== undefined) return known as CompiledEndpoint[K];
    const made = make();
    if (this.compiled === NOTHING_COMPILED) this.compiled = {};
    this.compiled[key] = made;
    return made;
  }
}
const NOTHING_COMPILED = {};

const allowsEverything = ({ method, path, query, request }: Clause): boolean =>
  method === "*" && (path === "/**" || path === "**") && query === undefined && request === undefined;

const allowsOf = ({ rules }: Endpoint): readonly Clause[] =>
  rules === undefined ? NO_CLAUSES : rules.map(({ allow }) => allow);
const NO_CLAUSES: readonly Clause[] = [];

/** Characters of a path that are no star: how much it says. */
export const specificityOf = (path: string | null | undefined): number => path?.replaceAll("*", "").length ?? 0;

function bodyBytesOfProtocol({ protocol, ...endpoint }: Endpoint): number {
  if (protocol === "graphql") return endpoint.graphql_max_body_bytes ?? BODY_BYTES_DEFAULT;
  if (protocol === "mcp") return endpoint.mcp?.max_body_bytes ?? BODY_BYTES_DEFAULT;
  if (protocol === "json-rpc") return endpoint.json_rpc?.max_body_bytes ?? BODY_BYTES_DEFAULT;
  return 0;
}
