import { inArray, or, type SQL, sql, tables } from "@creel/db";
import type { ApiKeyActor, UserActor } from "../context.ts";
import { type Action, permissionOf, type ResourceKind } from "./roles.ts";

/** As `labelsOnNode`. */
export const sandboxLabels = sql`(${tables.sandboxes.labels} || ${tables.nodes.labels})`;
export const nodeLabels = sql`${tables.nodes.labels}`;
export const policyLabels = sql`${tables.policies.labels}`;

/**
 * The rows whose labels some grant covers, as a condition: a list filtered after it was read would come out short, and its
 * pages would tell how many things one may not see. `undefined` when a grant covers the whole org.
 */
export function inScope(
  actor: UserActor | ApiKeyActor,
  on: { action: Action; kind: ResourceKind; labels: SQL },
): SQL | undefined {
  const permission = permissionOf(on.kind, on.action);
  const grants = actor.grants.filter((grant) => grant.permissions.has(permission));
  if (grants.some((grant) => grant.scope === null)) return undefined;
  const each = grants.map((grant) => {
    const conditions = Object.entries(grant.scope ?? {}).map(([label, values]) =>
      inArray(sql`${on.labels} ->> ${label}::text`, [...values]),
    );
    return conditions.length === 0 ? sql`false` : sql`(${sql.join(conditions, sql` and `)})`;
  });
  return or(...each) ?? sql`false`;
}

type Person = UserActor | ApiKeyActor;
/** Each is a condition on a query that has the named tables in it: nodes; policies; sandboxes and nodes; the same; nodes. */
export const visibleNodes = (actor: Person) => inScope(actor, { action: "read", kind: "node", labels: nodeLabels });
export const visiblePolicies = (actor: Person) =>
  inScope(actor, { action: "read", kind: "policy", labels: policyLabels });
export const visibleSandboxes = (actor: Person) =>
  inScope(actor, { action: "read", kind: "sandbox", labels: sandboxLabels });
export const visibleDecisions = (actor: Person) =>
  inScope(actor, { action: "read", kind: "decision", labels: sandboxLabels });
export const visiblePlans = (actor: Person) => inScope(actor, { action: "read", kind: "plan", labels: nodeLabels });
