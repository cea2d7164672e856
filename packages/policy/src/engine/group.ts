/**
 * Endpoints that the same host, port and programs share, and an index over all their rules at once. Built when a request first meets
 * the group. Invariant: an index finds every rule that could hold; whether it holds, the judges of `protocols/` say.
 */
import { GlobSet } from "../glob/set.ts";
import type { Access } from "../model.ts";
import { type Addresses, covers } from "./addresses.ts";
import { canonicalPattern } from "./clause.ts";
import { type CompiledEndpoint, type EndpointClause, specificityOf } from "./endpoint.ts";
import { QueryShelf } from "./query-shelf.ts";
import { Summary } from "./summary.ts";
import type { JudgedTarget } from "./target.ts";

const PATHS = { separator: "/" } as const;
const PATHS_ANY_CASE = { separator: "/", ignoreCase: true } as const;

export class Group {
  /** In the order of the file. */
  readonly endpoints: readonly CompiledEndpoint[];
  /** They name no host: the address is their whole condition. */
  readonly hostless: boolean;
  /** The only endpoint. */
  private readonly only: CompiledEndpoint | null;
  /** The only endpoint, where its few rules are tried without an index. */
  readonly lone: CompiledEndpoint | null;
  private summaryMade: Summary | undefined;
  private deniesMade: Denies | undefined;
  private selectorsMade: Selectors | undefined;

  constructor(endpoints: readonly CompiledEndpoint[]) {
    this.endpoints = endpoints;
    const [first = null] = endpoints;
    this.hostless = first?.endpoint.host === "";
    this.only = endpoints.length === 1 ? first : null;
    this.lone = this.only?.fewRules === true ? this.only : null;
  }

  /** The first in force that accepts every one of the addresses. */
  firstCovering(nowMs: number, addresses: Addresses): CompiledEndpoint | null {
    const { only } = this;
    if (only === null) return this.summary.firstCovering(nowMs, addresses);
    return only.entry.expiresAtMs > nowMs && covers(only, addresses) ? only : null;
  }

  get summary(): Summary {
    this.summaryMade ??= new Summary(this.endpoints);
    return this.summaryMade;
  }
  get denies(): Denies {
    this.deniesMade ??= new Denies(this.endpoints);
    return this.deniesMade;
  }
  get selectors(): Selectors {
    this.selectorsMade ??= new Selectors(this.endpoints);
    return this.selectorsMade;
  }
}

/** What could deny a request: single rules by path, and endpoints whose rules judge the body. */
export interface FoundDenies {
  clauses: EndpointClause[];
  bodies: CompiledEndpoint[];
}

class Denies {
  private readonly clauses = new GlobSet<QueryShelf>(PATHS_ANY_CASE);
  private readonly bodies = new GlobSet<CompiledEndpoint>(PATHS_ANY_CASE);
  private readonly bodiesAnywhere: CompiledEndpoint[] = [];

  constructor(endpoints: readonly CompiledEndpoint[]) {
    for (const endpoint of endpoints) {
      if (!endpoint.inspected || (endpoint.endpoint.deny_rules ?? []).length === 0) continue;
      const { protocol } = endpoint.endpoint;
      if (protocol === "rest" || protocol === "websocket") this.addClauses(endpoint);
      if (protocol !== "rest" && (protocol !== "websocket" || endpoint.messages !== null)) this.addBody(endpoint);
    }
  }

  /** Under the clause's path or the endpoint's, whichever says more: both must cover the request. */
  private addClauses(endpoint: CompiledEndpoint): void {
    const { selectorPattern, specificity } = endpoint;
    for (const clause of endpoint.deny.all) {
      const path = clause.pathPattern;
      if (path === null) continue;
      const bySelector = selectorPattern !== null && specificity > specificityOf(path);
      shelve(this.clauses, bySelector ? selectorPattern : path, { endpoint, clause }, true);
    }
  }

  private addBody(endpoint: CompiledEndpoint): void {
    if (endpoint.selectorPattern === null) this.bodiesAnywhere.push(endpoint);
    else this.bodies.add(endpoint.selectorPattern, endpoint);
  }

  find(target: JudgedTarget, found: FoundDenies): void {
    const paths = target.denyPaths;
    if (!this.clauses.isEmpty)
      for (const { items } of this.clauses.find(paths))
        for (const shelf of items) for (const item of shelf.find(target)) found.clauses.push(item);
    for (const endpoint of this.bodiesAnywhere) found.bodies.push(endpoint);
    if (!this.bodies.isEmpty)
      for (const { items } of this.bodies.find(paths)) for (const item of items) found.bodies.push(item);
  }
}

/** Endpoints by their `path`. */
class Selectors {
  private readonly anywhere: Speaking | null;
  private readonly byPath = new GlobSet<Speaking>(PATHS_ANY_CASE);

  constructor(endpoints: readonly CompiledEndpoint[]) {
    const anywhere: CompiledEndpoint[] = [];
    const somewhere = new Map<string, CompiledEndpoint[]>();
    for (const endpoint of endpoints) {
      const { path } = endpoint.endpoint;
      if (path === undefined) anywhere.push(endpoint);
      else {
        // As written: two spellings of one path are not equally long, and the longer one speaks.
        const same = somewhere.get(path);
        if (same === undefined) somewhere.set(path, [endpoint]);
        else same.push(endpoint);
      }
    }
    this.anywhere = anywhere.length === 0 ? null : new Speaking(anywhere, 0);
    for (const [path, same] of somewhere)
      this.byPath.add(canonicalPattern(path), new Speaking(same, specificityOf(path)));
  }

  find(paths: readonly string[], found: Speaking[]): void {
    if (this.anywhere !== null) found.push(this.anywhere);
    if (!this.byPath.isEmpty)
      for (const { items } of this.byPath.find(paths)) for (const item of items) found.push(item);
  }
}

/** Endpoints of one `path`, and what they allow. */
export class Speaking {
  readonly endpoints: readonly CompiledEndpoint[];
  readonly specificity: number;
  private summaryMade: Summary | undefined;
  private allowsMade: Allows | undefined;

  constructor(endpoints: readonly CompiledEndpoint[], specificity: number) {
    this.endpoints = endpoints;
    this.specificity = specificity;
  }
  get summary(): Summary {
    this.summaryMade ??= new Summary(this.endpoints);
    return this.summaryMade;
  }
  get allows(): Allows {
    this.allowsMade ??= new Allows(this.endpoints);
    return this.allowsMade;
  }
}

export class Allows {
  /** Not inspected: the connection is all there is to allow. */
  readonly open: CompiledEndpoint[] = [];
  readonly byAccess: Record<Access, CompiledEndpoint[]> = { "read-only": [], "read-write": [], full: [] };
  readonly clauses = new GlobSet<QueryShelf>(PATHS);
  /** Judged as a whole, because the body decides. */
  readonly bodies: CompiledEndpoint[] = [];
  /** Endpoints in audit: they let pass what nobody allows. */
  readonly audits: CompiledEndpoint[] = [];

  constructor(endpoints: readonly CompiledEndpoint[]) {
    for (const endpoint of endpoints) {
      const { protocol, access } = endpoint.endpoint;
      // One that looks into nothing still denies another spelling of its own path.
      if (endpoint.audit && (endpoint.inspected || endpoint.exactSelector !== null)) this.audits.push(endpoint);
      if (!endpoint.inspected) this.open.push(endpoint);
      else if (protocol === "rest" && access !== undefined) this.byAccess[access].push(endpoint);
      else if (protocol === "rest" || (protocol === "websocket" && access === undefined && endpoint.messages === null))
        for (const clause of endpoint.allow.all) {
          if (clause.pathPattern !== null) shelve(this.clauses, clause.pathPattern, { endpoint, clause }, false);
        }
      else this.bodies.push(endpoint);
    }
  }
}

/** Rules of one path stand together. */
function shelve(set: GlobSet<QueryShelf>, path: string, item: EndpointClause, ignoreCase: boolean): void {
  const { items } = set.leafOf(path);
  let [shelf] = items;
  if (shelf === undefined) {
    shelf = new QueryShelf(ignoreCase);
    items.push(shelf);
  }
  shelf.add(item);
}
