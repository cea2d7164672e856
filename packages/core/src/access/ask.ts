import { and, eq, isNull, type Tx, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { labelsSchema } from "../authz/fields.ts";
import { type Grant, type Labels, labelsOnNode, type Scope, scopeCovers } from "../authz/grant.ts";
import { grantsOf, grantsOfServiceAccount } from "../authz/grantsOf.ts";
import { toHeldGrant } from "../authz/heldGrant.ts";
import {
  type Action,
  actions,
  kindActions,
  labelledKinds,
  type Permission,
  permissionOf,
  type ResourceKind,
  resourceKinds,
  roleMay,
  roles,
} from "../authz/roles.ts";
import { visibleNodes, visiblePolicies, visibleSandboxes } from "../authz/scopeSql.ts";
import type { ApiKeyActor, UserActor } from "../context.ts";
import { CreelError, notFound } from "../errors/errors.ts";
import { labelOf } from "../grant/insert.ts";
import { subjectFields, subjectOf } from "../grant/subject.ts";
import type { AccessVerdict } from "../peopleViews.ts";
import { first, stored } from "../stored.ts";
import { defineVerb } from "../verb.ts";

export const askInput = z.strictObject({
  userId: subjectFields.userId,
  serviceAccountId: subjectFields.serviceAccountId,
  action: z.enum(actions),
  kind: z.enum(resourceKinds),
  /** The thing itself, or the labels of one that is not made yet; without either, any thing of the kind. */
  nodeId: z.uuid().optional(),
  policyId: z.uuid().optional(),
  sandboxId: z.uuid().optional(),
  labels: labelsSchema.optional(),
});
type Input = z.output<typeof askInput>;

/** May somebody do this to that, and why: the same grants and the same predicates that decide. Changes nothing. */
export const ask = defineVerb({
  name: "access.ask",
  kind: "query",
  gate: { by: "person", action: "read", on: "grant" },
  input: askInput,
  run: async (ctx, input): Promise<AccessVerdict> => {
    const { orgId } = ctx.actor;
    const { action, kind } = input;
    const subject = subjectOf(input);
    const isPermission = (kindActions[kind] as readonly Action[]).includes(action);
    if (!isPermission)
      throw new CreelError(
        "invalid_input",
        `${action}: nobody can do that to a ${kind}. What can be done: ${kindActions[kind].join(", ")}.`,
      );
    const now = ctx.clock();
    return await withOrg(ctx.db, orgId, async (tx) => {
      const label = await labelOf(tx, orgId, subject);
      const grants =
        subject.kind === "user"
          ? await grantsOf(tx, { orgId, userId: subject.id, now })
          : await grantsOfServiceAccount(tx, { orgId, serviceAccountId: subject.id, now });
      const thing = await thingOf(tx, ctx.actor, input);
      return verdict(grants, { label, action, kind, thing });
    });
  },
});

interface Thing {
  name: string;
  labels: Labels;
}

async function thingOf(tx: Tx, actor: UserActor | ApiKeyActor, input: Input): Promise<Thing | null> {
  const { orgId } = actor;
  const { nodes: n, policies: p, sandboxes: s } = tables;
  if (input.sandboxId !== undefined) {
    const row = first(
      await tx
        .select({ name: s.name, own: s.labels, node: n.labels })
        .from(s)
        .innerJoin(n, and(eq(n.orgId, s.orgId), eq(n.id, s.nodeId)))
        .where(and(eq(s.orgId, orgId), eq(s.id, input.sandboxId), isNull(s.removedAt), visibleSandboxes(actor))),
    );
    if (row === null) throw notFound();
    return { name: row.name, labels: labelsOnNode(stored<Labels>(row.own), stored<Labels>(row.node)) };
  }
  if (input.nodeId === undefined && input.policyId === undefined)
    return input.labels === undefined ? null : { name: "a thing with these labels", labels: input.labels };
  const row = first(
    input.nodeId === undefined
      ? await tx
          .select({ name: p.name, labels: p.labels })
          .from(p)
          .where(and(eq(p.orgId, orgId), eq(p.id, input.policyId ?? ""), visiblePolicies(actor)))
      : await tx
          .select({ name: n.name, labels: n.labels })
          .from(n)
          .where(and(eq(n.orgId, orgId), eq(n.id, input.nodeId), visibleNodes(actor))),
  );
  if (row === null) throw notFound();
  return { name: row.name, labels: stored<Labels>(row.labels) };
}

type Says = AccessVerdict["grants"][number]["says"];

function saysOf(grant: Grant, on: { permission: Permission; kind: ResourceKind; thing: Thing | null }): Says {
  if (!grant.permissions.has(on.permission)) return "lacks_permission";
  if (!labelledKinds.has(on.kind)) return grant.scope === null ? "allows" : "misses_scope";
  // Asked of no thing in particular: a scope that covers some is enough.
  return on.thing === null || scopeCovers(grant.scope, on.thing.labels) ? "allows" : "misses_scope";
}

function verdict(
  grants: readonly Grant[],
  asked: { label: string; action: Action; kind: ResourceKind; thing: Thing | null },
): AccessVerdict {
  const { action, kind, thing, label } = asked;
  const permission = permissionOf(kind, action);
  const judged = grants.map((grant) => ({
    ...toHeldGrant(grant),
    grantId: grant.grantId,
    says: saysOf(grant, { permission, kind, thing }),
  }));
  const because = judged.find(({ says }) => says === "allows");
  const missed = judged.find(({ says }) => says === "misses_scope");
  const rolesThatWould = roles.filter((role) => roleMay(role, action, kind));
  const what = `${action} ${thing === null || !labelledKinds.has(kind) ? `any ${kind}` : `the ${kind} ${thing.name}`}`;
  return {
    allowed: because !== undefined,
    sentence:
      because !== undefined
        ? `${label} may ${what}: ${because.role}${throughOf(because.via)}${overOf(because.scope)} allows it.`
        : missed !== undefined
          ? `${label} may not ${what}: ${missed.role}${throughOf(missed.via)} would allow it, but only${overOf(missed.scope)}.`
          : `${label} may not ${what}: ${grants.length === 0 ? "nothing is granted to them" : "no grant names it"}. ${namesOf(rolesThatWould)} would.`,
    permission,
    grants: judged,
    rolesThatWould: [...rolesThatWould],
  };
}

const throughOf = (via: string | null): string => (via === null ? "" : ` through the team ${via}`);
const namesOf = (names: readonly string[]): string => names.map((name) => name.replaceAll("_", " ")).join(" or ");
const overOf = (scope: Scope | null): string =>
  scope === null
    ? ""
    : ` over ${Object.entries(scope)
        .map(([label, values]) => `${label}=${values.join("|")}`)
        .join(" and ")}`;
