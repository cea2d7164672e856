/** Of entries what is no set of requests: audit, limits, credentials of endpoints, documentation. */
import { canonicalJson } from "../canonical/json.ts";
import type { Endpoint, EntryLimits, Policy, PolicyEntry } from "../model.ts";
import { own as ownOf } from "./own.ts";
import { same, setting } from "./setting.ts";
import { untouchedKeys } from "./sides.ts";
import type { SettingChange } from "./types.ts";

export function compareEntries(before: Policy, after: Policy): SettingChange[] {
  const [a, b] = [before.network_policies, after.network_policies];
  const changes: SettingChange[] = [];
  const untouched = untouchedKeys(before, after);
  const renamed = renamedEntries(a, b);
  for (const [from, to] of renamed)
    changes.push(
      setting({
        field: `network_policies.${to}`,
        effect: "changes",
        before: from,
        after: to,
        grade: "none",
        reason: "The entry is the same under another key; logs will name the new one.",
        sentence: `Entry \`${from}\` is now called \`${to}\`.`,
      }),
    );
  const pairs = [
    ...Object.keys(b)
      .filter((key) => Object.hasOwn(a, key))
      .map((key) => [key, key] as const),
    ...renamed,
  ];
  for (const [from, to] of pairs) {
    const [own, next] = [ownOf(a, from), ownOf(b, to)];
    if (own === undefined || next === undefined || untouched.has(to)) continue;
    changes.push(...compareEntry(to, own, next));
  }
  const newNames = new Set(renamed.map(([, to]) => to));
  for (const [key, entry] of Object.entries(b)) {
    if (Object.hasOwn(a, key) || newNames.has(key)) continue;
    changes.push(...compareEndpoints(key, [], entry.endpoints));
  }
  return changes;
}

/** Keys that are gone and came back under another name with the same content. */
function renamedEntries(a: Record<string, PolicyEntry>, b: Record<string, PolicyEntry>): [string, string][] {
  const content = (key: string, entry: PolicyEntry) =>
    canonicalJson({ ...entry, name: entry.name === key ? "" : entry.name });
  const gone = new Map<string, string>();
  for (const [key, entry] of Object.entries(a)) if (!Object.hasOwn(b, key)) gone.set(content(key, entry), key);
  const found: [string, string][] = [];
  for (const [key, entry] of Object.entries(b)) {
    if (Object.hasOwn(a, key)) continue;
    const from = gone.get(content(key, entry));
    if (from === undefined) continue;
    gone.delete(content(key, entry));
    found.push([from, key]);
  }
  return found;
}

function compareEntry(key: string, own: PolicyEntry, next: PolicyEntry): SettingChange[] {
  const changes: SettingChange[] = [];
  for (const field of ["name", "owner", "reason", "ticket"] as const)
    if (own[field] !== next[field] && !(field === "name" && next.name === key))
      changes.push(
        setting({
          field: `network_policies.${key}.${field}`,
          effect: "changes",
          before: own[field],
          after: next[field],
          grade: "none",
          reason: "It documents the entry and decides nothing.",
          sentence: `The ${field} of entry \`${key}\` goes from ${words(own[field])} to ${words(next[field])}.`,
        }),
      );
  changes.push(...compareLimits(key, own.limits, next.limits), ...compareEndpoints(key, own.endpoints, next.endpoints));
  return changes;
}

const words = (text: string | undefined): string => (text === undefined ? "nothing" : `"${text}"`);

const SECONDS = { second: 1, minute: 60, hour: 3600, day: 86_400 };

function compareLimits(key: string, own: EntryLimits | undefined, next: EntryLimits | undefined): SettingChange[] {
  if (same(own, next)) return [];
  const rate = (limits: EntryLimits | undefined, field: "requests" | "bytes") =>
    limits?.[field] === undefined ? Number.POSITIVE_INFINITY : limits[field] / SECONDS[limits.per];
  const fields = ["requests", "bytes"] as const;
  const wider = fields.some((field) => rate(next, field) > rate(own, field));
  const narrower = fields.some((field) => rate(next, field) < rate(own, field));
  const say = (limits: EntryLimits | undefined) =>
    limits === undefined
      ? "no limit"
      : `${fields.flatMap((field) => (limits[field] === undefined ? [] : [`${limits[field]} ${field}`])).join(" and ")} per ${limits.per}`;
  return [
    setting({
      field: `network_policies.${key}.limits`,
      effect: wider && !narrower ? "widens" : narrower && !wider ? "narrows" : "changes",
      before: own,
      after: next,
      grade: wider ? "medium" : narrower ? "low" : "none",
      reason: wider
        ? "More can be sent in the same time, also when something leaks."
        : "An agent may run into the limit.",
      sentence: `Entry \`${key}\` goes from ${say(own)} to ${say(next)}.`,
    }),
  ];
}

/** Endpoints are told apart by where they lead and how they are judged. */
const placeOf = ({ host, ports, path, protocol }: Endpoint): string =>
  `${host}:${ports.join(",")}${path ?? ""} ${protocol ?? "raw"}`;

function compareEndpoints(key: string, own: readonly Endpoint[], next: readonly Endpoint[]): SettingChange[] {
  const twins = new Map<string, Endpoint>();
  for (const endpoint of own) if (!twins.has(placeOf(endpoint))) twins.set(placeOf(endpoint), endpoint);
  return next.flatMap((endpoint) => {
    const twin = twins.get(placeOf(endpoint));
    return [...compareAudit(key, twin, endpoint), ...compareEndpointCredentials(key, twin, endpoint)];
  });
}

function compareAudit(key: string, own: Endpoint | undefined, next: Endpoint): SettingChange[] {
  const [a, b] = [own?.enforcement ?? "enforce", next.enforcement];
  if (a === b) return [];
  return [
    setting({
      field: `network_policies.${key}.endpoints.${next.host}.enforcement`,
      effect: b === "audit" ? "widens" : "narrows",
      before: own?.enforcement,
      after: b,
      grade: b === "audit" ? "high" : "low",
      reason:
        b === "audit"
          ? "What the rules of this endpoint deny is recorded and passes all the same."
          : "What was only recorded is now denied; an agent may see denials.",
      sentence: `At ${next.host} entry \`${key}\` ${b === "audit" ? "only records what it would deny" : "enforces what it denies"}.`,
    }),
  ];
}

const CREDENTIAL_FIELDS = [
  "credential_binding",
  "credential_signing",
  "signing_service",
  "signing_region",
  "request_body_credential_rewrite",
  "websocket_credential_rewrite",
  "allow_uninspected_credentials",
] as const;

function compareEndpointCredentials(key: string, own: Endpoint | undefined, next: Endpoint): SettingChange[] {
  return CREDENTIAL_FIELDS.flatMap((field) => {
    const [a, b] = [own?.[field] || undefined, next[field] || undefined];
    if (same(a, b)) return [];
    return [
      setting({
        field: `network_policies.${key}.endpoints.${next.host}.${field}`,
        effect: b === undefined ? "narrows" : "widens",
        before: a,
        after: b,
        grade: b === undefined ? "low" : "critical",
        reason:
          b === undefined
            ? "Requests there will go without the credential."
            : "A credential is put into requests where it was not put before.",
        sentence: `At ${next.host} entry \`${key}\` ${b === undefined ? "drops" : a === undefined ? "sets" : "changes"} \`${field}\`.`,
      }),
    ];
  });
}
