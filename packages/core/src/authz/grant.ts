import {
  type Action,
  labelledKinds,
  type Permission,
  permissionOf,
  type ResourceKind,
  type Role,
  rolePermissions,
} from "./roles.ts";

/** What a thing is labelled with, e.g. `{ env: "prod", team: "payments" }`. */
export type Labels = Readonly<Record<string, string>>;
/** Labels and the values they may have. Every one of them must hold. */
export type Scope = Readonly<Record<string, readonly string[]>>;

/** A sandbox's labels are its own under its node's: nobody steps out of a scope by naming a label. */
export const labelsOnNode = (own: Labels, node: Labels): Labels => ({ ...own, ...node });

/** One reason why somebody may do something. */
export interface Grant {
  grantId: string;
  /** The role's name: a built-in one, or one that the org made. */
  role: string;
  permissions: ReadonlySet<Permission>;
  /** The whole org when null. */
  scope: Scope | null;
  /** The team it comes through; null when it was given to this one alone. */
  via: string | null;
  expiresAt: Date | null;
}

/** Whether these make somebody an owner of the whole org; one over a part owns nothing. */
export const ownsOrg = (grants: readonly Grant[]): boolean =>
  grants.some(({ role, scope }) => role === "owner" && scope === null);

/** A grant of a built-in role without a row of its own: for tests, here and in the apps. */
export const grantOfRole = (role: Role, scope: Scope | null = null): Grant => ({
  grantId: "00000000-0000-0000-0000-000000000000",
  role,
  permissions: rolePermissions(role),
  scope,
  via: null,
  expiresAt: null,
});

/** A label that the thing does not carry never holds: what nobody labelled is in no scope. */
export const scopeCovers = (scope: Scope | null, labels: Labels): boolean =>
  scope === null ||
  Object.entries(scope).every(
    ([label, values]) => Object.hasOwn(labels, label) && values.includes(labels[label] ?? ""),
  );

/** As people write it: `env=staging|test, team=payments`. */
export const describeScope = (scope: Scope): string =>
  Object.entries(scope)
    .map(([name, values]) => `${name}=${values.join("|")}`)
    .join(", ");

/** True when everything that `inner` covers, `outer` covers. */
export const scopeContains = (outer: Scope | null, inner: Scope | null): boolean =>
  outer === null ||
  (inner !== null &&
    Object.entries(outer).every(([label, values]) => {
      const narrowed = Object.hasOwn(inner, label) ? inner[label] : undefined;
      return narrowed?.every((value) => values.includes(value)) ?? false;
    }));

/** What both cover; `"nothing"` when that is empty. */
export function scopeMeet(one: Scope | null, other: Scope | null): Scope | null | "nothing" {
  if (one === null || other === null) return one ?? other;
  const meet = new Map<string, readonly string[]>(Object.entries(one));
  for (const [label, values] of Object.entries(other)) {
    const both = meet.get(label)?.filter((value) => values.includes(value)) ?? values;
    if (both.length === 0) return "nothing";
    meet.set(label, both);
  }
  return Object.fromEntries(meet);
}

/** The earlier of two ends; null is never. */
export const earlier = (one: Date | null, other: Date | null): Date | null =>
  one === null || other === null ? (one ?? other) : one < other ? one : other;

interface Bound {
  permissions: ReadonlySet<Permission>;
  scope: Scope | null;
  expiresAt: Date | null;
}
/** What an owner's grants leave of themselves under a bound: never more than the owner has, never more than the bound. */
export const boundGrants = (grants: readonly Grant[], bound: Bound): Grant[] =>
  grants.flatMap((grant) => {
    const scope = scopeMeet(grant.scope, bound.scope);
    const kept = new Set([...grant.permissions].filter((permission) => bound.permissions.has(permission)));
    if (scope === "nothing" || kept.size === 0) return [];
    return [{ ...grant, scope, permissions: kept, expiresAt: earlier(grant.expiresAt, bound.expiresAt) }];
  });

/** At the gate, before anything is looked up: is there any thing of this kind that these grants let do this to? */
export const mayAtAll = (grants: readonly Grant[], action: Action, kind: ResourceKind): boolean =>
  grants.some(
    (grant) => grant.permissions.has(permissionOf(kind, action)) && (grant.scope === null || labelledKinds.has(kind)),
  );

/** On one thing, whose labels are known. */
export const mayOn = (grants: readonly Grant[], on: { action: Action; kind: ResourceKind; labels: Labels }): boolean =>
  grants.some(
    (grant) => grant.permissions.has(permissionOf(on.kind, on.action)) && scopeCovers(grant.scope, on.labels),
  );

/** Could whoever holds these give that permission over that scope until then? One grant must say all of it. */
export const holdsOver = (
  grants: readonly Grant[],
  permission: Permission,
  over: { scope: Scope | null; until: Date | null },
): boolean =>
  grants.some(
    (grant) =>
      grant.permissions.has(permission) &&
      scopeContains(grant.scope, over.scope) &&
      (grant.expiresAt === null || (over.until !== null && over.until <= grant.expiresAt)),
  );
