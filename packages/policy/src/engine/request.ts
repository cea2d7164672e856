/**
 * One HTTP request on a connection that is allowed already. The indexes name the few rules that could speak; whether they hold, the
 * judges of `protocols/` say. Which endpoint comes first in the file never depends on the order in which an index finds it.
 */

import type { Access } from "../model.ts";
import { RequestBody } from "../protocols/body.ts";
import { clauseDenies, denialBy, methodsOfAccess } from "../protocols/http.ts";
import { judgeBodyDenial } from "../protocols/judge.ts";
import type { ProtocolRequest } from "../protocols/types.ts";
import type { PolicyRequest } from "../types.ts";
import { type Addresses, covers } from "./addresses.ts";
import type { CompiledClause } from "./clause.ts";
import type { CompiledEndpoint, EndpointClause } from "./endpoint.ts";
import type { FoundDenies, Group, Speaking } from "./group.ts";
import { readHead } from "./methods.ts";
import { quoted } from "./quoted.ts";
import { judgeLone, verdictOf } from "./speak.ts";
import type { JudgedTarget } from "./target.ts";
import { allow, deny, denyHard, denyUnnamed, type Verdict } from "./verdict.ts";

/** Where a request is judged: the groups of its program, host and port, the moment, and the addresses it would reach. */
export interface Scene {
  groups: readonly Group[];
  /** The first endpoint whose address conditions hold. */
  first: CompiledEndpoint;
  nowMs: number;
  addresses: Addresses;
}

export function judgeRequest(scene: Scene, request: PolicyRequest, rawMethod: string): Verdict {
  const [group] = scene.groups;
  const lone = scene.groups.length === 1 && group !== undefined ? group.lone : null;
  if (lone === null && !scene.groups.some(({ summary }) => summary.at(scene.nowMs)?.inspected === true)) {
    const { key } = scene.first.entry;
    return allow(key, `Entry \`${key}\` allows the connection without looking into it.`);
  }
  const head = readHead(request, rawMethod);
  if (typeof head === "string") return denyHard(null, head);
  const { methods, target } = head;
  const [first] = methods;
  if (lone !== null && methods.length === 1 && first !== undefined)
    return judgeLone(lone, { request, method: first, target });
  const body = new RequestBody(request);
  if (methods.length === 1 && first !== undefined) return judgeOne(scene, { request, method: first, target, body });
  const verdicts = methods.map((method) => judgeOne(scene, { request, method, target, body }));
  const found =
    verdicts.find((verdict) => !verdict.allowed && !verdict.audit) ??
    verdicts.find((v) => !v.allowed) ??
    verdicts[0] ??
    deny(null, "No entry allows it.");
  // One method that nothing names does not take another along that a rule denies.
  return found.unnamed === true ? { ...found, unnamed: verdicts.every((v) => v.allowed || v.unnamed === true) } : found;
}

const judgeOne = (scene: Scene, request: ProtocolRequest): Verdict =>
  firstDenial(scene, request) ?? firstAllowance(scene, request);

/** The first deny in the order of the file; one that is enforced before one that is only audited. */
function firstDenial(scene: Scene, request: ProtocolRequest): Verdict | null {
  const found: FoundDenies = { clauses: [], bodies: [] };
  for (const group of scene.groups) group.denies.find(request.target, found);
  const holding: EndpointClause[] = [];
  for (const item of found.clauses) if (holds(item, scene, request)) holding.push(item);
  if (holding.length === 0 && found.bodies.length === 0) return null;
  holding.sort((a, b) => a.endpoint.order - b.endpoint.order || a.clause.index - b.clause.index);
  found.bodies.sort((a, b) => a.order - b.order);
  let softened: Verdict | null = null;
  let body = 0;
  let clause = 0;
  while (body < found.bodies.length || clause < holding.length) {
    const byClause = holding[clause];
    const byBody = found.bodies[body];
    // Within one endpoint what stands in the head of the request speaks before its body.
    const takeClause = byClause !== undefined && (byBody === undefined || byClause.endpoint.order <= byBody.order);
    const endpoint = takeClause ? byClause.endpoint : byBody;
    const reason = takeClause ? denialBy(byClause) : byBody === undefined ? null : bodyDenial(byBody, scene, request);
    if (takeClause) clause++;
    else body++;
    if (reason === null || endpoint === undefined) continue;
    const verdict = deny(endpoint.entry.key, reason, endpoint.audit);
    if (!verdict.audit) return verdict;
    softened ??= verdict;
  }
  return softened;
}

const inForce = (endpoint: CompiledEndpoint, { nowMs }: Scene): boolean => endpoint.entry.expiresAtMs > nowMs;

const selects = ({ selector }: CompiledEndpoint, { denyPaths }: JudgedTarget): boolean =>
  selector === null || denyPaths.some(selector);

const holds = ({ endpoint, clause }: EndpointClause, scene: Scene, request: ProtocolRequest): boolean =>
  inForce(endpoint, scene) && selects(endpoint, request.target) && clauseDenies(clause, request);

const bodyDenial = (endpoint: CompiledEndpoint, scene: Scene, request: ProtocolRequest): string | null =>
  inForce(endpoint, scene) && selects(endpoint, request.target) ? judgeBodyDenial(endpoint, request) : null;

/** Only the endpoints with the longest selector speak, so that a wide one does not undo what a narrow one demands. */
function firstAllowance(scene: Scene, request: ProtocolRequest): Verdict {
  const { target } = request;
  const covering: Speaking[] = [];
  for (const group of scene.groups)
    if (!group.hostless || scene.addresses.length > 0) group.selectors.find(target.denyPaths, covering);
  let longest = -1;
  let first: CompiledEndpoint | null = null;
  let speaking: Speaking[] = [];
  for (const one of covering) {
    if (one.specificity < longest) continue;
    const usable = one.summary.firstCovering(scene.nowMs, scene.addresses);
    if (usable === null) continue;
    if (one.specificity > longest) {
      longest = one.specificity;
      speaking = [];
      first = null;
    }
    speaking.push(one);
    if (first === null || usable.order < first.order) first = usable;
  }
  if (first === null) return denyUnnamed(scene.first.entry.key, `No endpoint's path covers ${quoted(target.path)}.`);
  const search = new AllowSearch(scene, request);
  for (const one of speaking) search.among(one);
  return search.allowed ?? search.missed(speaking, first);
}

/** Looks for the first endpoint of the file that allows a request. */
class AllowSearch {
  private best: { order: number; index: number; verdict: Verdict } | null = null;
  private readonly found: EndpointClause[] = [];
  private readonly scene: Scene;
  private readonly request: ProtocolRequest;

  constructor(scene: Scene, request: ProtocolRequest) {
    this.scene = scene;
    this.request = request;
  }

  get allowed(): Verdict | null {
    return this.best?.verdict ?? null;
  }

  among({ allows }: Speaking): void {
    this.amongList(allows.open);
    for (const access of ACCESSES) {
      const methods = methodsOfAccess[access];
      if (methods === null || methods.includes(this.request.method)) this.amongList(allows.byAccess[access]);
    }
    if (!allows.clauses.isEmpty)
      for (const { items } of allows.clauses.find([this.request.target.path]))
        for (const shelf of items)
          for (const item of shelf.find(this.request.target)) {
            this.found.push(item);
            this.consider(item.endpoint, item.clause);
          }
    this.amongList(allows.bodies);
  }

  private amongList(endpoints: readonly CompiledEndpoint[]): void {
    for (const endpoint of endpoints) {
      if (this.best !== null && endpoint.order >= this.best.order) return;
      this.consider(endpoint, null);
    }
  }

  private consider(endpoint: CompiledEndpoint, clause: CompiledClause | null): void {
    const index = clause?.index ?? 0;
    const { best } = this;
    if (best !== null && (endpoint.order > best.order || (endpoint.order === best.order && index >= best.index)))
      return;
    if (!this.usable(endpoint)) return;
    const verdict = verdictOf(this.request, endpoint, clause === null ? undefined : [clause]);
    if (verdict.allowed) this.best = { order: endpoint.order, index, verdict };
  }

  private usable(endpoint: CompiledEndpoint): boolean {
    return inForce(endpoint, this.scene) && covers(endpoint, this.scene.addresses);
  }

  /** Nobody allows it: an endpoint in audit lets it pass, whatever its neighbours say; else the first says what is missing. */
  missed(speaking: readonly Speaking[], first: CompiledEndpoint): Verdict {
    let softened: { order: number; verdict: Verdict } | null = null;
    for (const { allows } of speaking)
      for (const endpoint of allows.audits) {
        if (softened !== null && endpoint.order > softened.order) break;
        if (!this.usable(endpoint)) continue;
        const verdict = verdictOf(this.request, endpoint, this.foundOf(endpoint));
        if (!verdict.audit) continue;
        softened = { order: endpoint.order, verdict };
        break;
      }
    return softened?.verdict ?? verdictOf(this.request, first, this.foundOf(first));
  }

  /** The clauses of an endpoint that cover the path, in the order of the file; undefined where it is judged as a whole. */
  private foundOf(endpoint: CompiledEndpoint): CompiledClause[] | undefined {
    const { protocol, access } = endpoint.endpoint;
    if (access !== undefined || (protocol !== "rest" && (protocol !== "websocket" || endpoint.messages !== null)))
      return undefined;
    return this.found
      .filter((item) => item.endpoint === endpoint)
      .map((item) => item.clause)
      .sort((a, b) => a.index - b.index);
  }
}

const ACCESSES: readonly Access[] = ["read-only", "read-write", "full"];
