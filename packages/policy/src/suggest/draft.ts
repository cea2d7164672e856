/** From evidence to entries: what is allowed, what is noted beside it, and what is refused after all. */
import { isIpLiteral } from "../canonical/host.ts";
import type { Base } from "./base.ts";
import { draftRules, hasEncodedSlash, samplePath, TESTED } from "./draft-rules.ts";
import type { Evidence, ProgramEvidence, TargetEvidence } from "./evidence.ts";
import { HOSTS_PER_DOMAIN_MAX, RULES_PER_TARGET_MAX } from "./limits.ts";
import { domainOf, hostsByDomain, note, programNotes, targetNotes, type WeighedNote } from "./notes.ts";
import type { RefusedList } from "./refused-list.ts";
import { type DraftEndpoint, type DraftEntry, type DraftRule, keysFor } from "./write.ts";

/** One request that the suggestion must allow; judged again at the end. */
export interface Covered {
  program: string;
  host: string;
  port: number;
  method: string | null;
  path: string | null;
  count: number;
}
export interface Draft {
  entries: DraftEntry[];
  notes: WeighedNote[];
  covered: Covered[];
}

export interface DraftContext {
  base: Base;
  refused: RefusedList;
}
interface ProgramContext extends DraftContext {
  /** The names below each domain, whichever program asked for them. */
  byDomain: ReadonlyMap<string, ReadonlySet<string>>;
}

export function draftEntries(evidence: Evidence, { base, refused }: DraftContext): Draft {
  const draft: Draft = { entries: [], notes: [], covered: [] };
  if (evidence.programs === null) {
    const reason =
      "The journal names so many programs or paths that no policy follows from it. Suggest for one sandbox at a time.";
    refused.add({ binary: "", host: "", port: 0, method: null, path: null, reason }, evidence.count);
    return draft;
  }
  const programs = [...evidence.programs.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  const keys = keysFor(
    programs.map((program) => program.path).filter((program) => base.ownEntry(program) === null),
    new Set(Object.keys(base.policy.network_policies)),
  );
  const byDomain = hostsByDomain(programs.flatMap(({ targets }) => [...(targets?.values() ?? [])]));
  for (const program of programs) {
    const own = base.ownEntry(program.path);
    const key = own ?? keys.get(program.path) ?? program.path;
    const endpoints = draftProgram(evidence, program, key, { base, refused, byDomain }, draft);
    if (endpoints.length > 0) draft.entries.push({ key, extends: own !== null, program: program.path, endpoints });
  }
  return draft;
}

function draftProgram(
  evidence: Evidence,
  program: ProgramEvidence,
  key: string,
  context: ProgramContext,
  draft: Draft,
): DraftEndpoint[] {
  const refuse = (target: Pick<TargetEvidence, "host" | "port">, count: number, reason: string): void =>
    context.refused.add({ binary: program.path, ...target, method: null, path: null, reason }, count);
  if (program.targets === null) {
    refuse(
      { host: "", port: 0 },
      program.count,
      "The program asked for so many hosts that no list of them is a policy.",
    );
    return [];
  }
  const targets = [...program.targets.values()].sort((a, b) =>
    a.host < b.host ? -1 : a.host > b.host ? 1 : a.port - b.port,
  );
  const endpoints: DraftEndpoint[] = [];
  const kept: TargetEvidence[] = [];
  for (const target of targets) {
    const names = context.byDomain.get(domainOf(target.host))?.size ?? 0;
    if (names > HOSTS_PER_DOMAIN_MAX) {
      const reason = `${names} names below ${domainOf(target.host)} were asked for; so many look like data carried out in names.`;
      refuse({ host: `**.${domainOf(target.host)}`, port: target.port }, target.sightings.count, reason);
      continue;
    }
    const drafted = draftTarget(program.path, target, key, context, draft);
    if (drafted.length === 0) continue;
    endpoints.push(...drafted);
    kept.push(target);
    draft.notes.push(...targetNotes(key, target, evidence.all));
    const expired = context.base.expired(program.path, target.host, target.port);
    if (expired !== null)
      draft.notes.push(
        note(key, 1, `Entry \`${expired}\` of the base named ${target.host}:${target.port}; somebody let it expire.`),
      );
  }
  if (kept.length > 0) draft.notes.push(...programNotes(key, program.path, kept));
  return endpoints;
}

function draftTarget(
  program: string,
  target: TargetEvidence,
  key: string,
  { base, refused }: DraftContext,
  draft: Draft,
): DraftEndpoint[] {
  const { host, port } = target;
  const place = { program, host, port };
  const refuse = (count: number, reason: string, method: string | null = null, path: string | null = null): void =>
    refused.add({ binary: program, host, port, method, path, reason }, count);
  if (target.methods === null) {
    refuse(
      target.sightings.count,
      "So many different paths were asked for that no rule follows from them. Write one by hand.",
    );
    return [];
  }
  const tested = base.expectedDenied(program, host, port);
  if (tested.some(({ path }) => path === undefined) || (target.requests === 0 && tested.length > 0)) {
    refuse(target.sightings.count, TESTED);
    return [];
  }
  if (target.requests === 0) {
    draft.covered.push({ ...place, method: null, path: null, count: target.connections + target.rawConnections });
    draft.notes.push(
      note(
        key,
        3,
        `${host}:${port} is relayed unread: only connections were seen there, no request that could be judged.`,
      ),
    );
    const protocol = isIpLiteral(host) ? "none" : "tcp";
    return [{ host, port, protocol, encodedSlash: false, rules: [] }];
  }
  if (target.rawConnections > 0)
    refuse(
      target.rawConnections,
      "Requests of the same program were seen there; relaying it unread would undo their inspection.",
    );
  const rules = draftRules({
    target,
    key,
    forbidden: { denies: base.denies(host, port), tested },
    notes: draft.notes,
    refuse,
  });
  if (rules.length > RULES_PER_TARGET_MAX) {
    refuse(
      target.requests + target.connections,
      `${rules.length} rules would be needed, more than a person reviews. Write wider ones by hand.`,
    );
    return [];
  }
  if (rules.length > 0 && target.connections > 0)
    draft.covered.push({ ...place, method: null, path: null, count: target.connections });
  else if (target.connections > 0) refuse(target.connections, "No request of the same program there could be covered.");
  for (const { method, rule } of rules)
    for (const { segments, count } of rule.paths)
      draft.covered.push({ ...place, method, path: samplePath(segments), count });
  return [false, true].flatMap((encodedSlash): DraftEndpoint[] => {
    const mine = rules.filter(({ rule }) => rule.paths.some(hasEncodedSlash) === encodedSlash);
    const drafted: DraftRule[] = mine.map(({ method, rule }) => ({ method, pattern: rule.pattern }));
    return drafted.length === 0 ? [] : [{ host, port, protocol: "rest", encodedSlash, rules: drafted }];
  });
}
