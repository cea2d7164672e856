import { and, eq, isNull, newId, notify, sql, type Tx, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { changesOf, describeActor, recordAudit } from "../audit/record.ts";
import { authorizeOn } from "../authz/authorize.ts";
import { scopeSchema } from "../authz/fields.ts";
import { type Labels, labelsOnNode } from "../authz/grant.ts";
import type { ApiKeyActor, UserActor } from "../context.ts";
import { CreelError, notFound } from "../errors/errors.ts";
import { deliverPlans, makePlans } from "../plan/make.ts";
import { first, stored } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import { expectFew, nodesOfSecret } from "./bound.ts";
import { BINDINGS_MAX } from "./limits.ts";
import { lockSecret } from "./row.ts";

export const bindInput = z
  .strictObject({ secretId: z.uuid(), sandboxId: z.uuid().optional(), scope: scopeSchema.optional() })
  .refine(({ sandboxId, scope }) => (sandboxId === undefined) !== (scope === undefined), {
    message: "name one sandbox, or labels that sandboxes have",
  });

/** Lets a sandbox, or those with these labels, use a secret. Where it may go, their policies say under `credentials:`. */
export const bind = defineVerb({
  name: "secret.bind",
  kind: "mutation",
  gate: { by: "person", action: "operate", on: "secret" },
  proof: true,
  input: bindInput,
  run: async (ctx, { secretId, sandboxId = null, scope = null }): Promise<{ bindingId: string }> => {
    const { orgId } = ctx.actor;
    const now = ctx.clock();
    const createdBy = describeActor(ctx.actor).label;
    const row = { orgId, id: newId(now), secretId, sandboxId, scope, createdBy, createdAt: now };
    const planIds = await withOrg(ctx.db, orgId, async (tx) => {
      const secret = await lockSecret(tx, { orgId, secretId });
      const label = sandboxId === null ? describeScope(scope ?? {}) : await visibleName(tx, ctx.actor, sandboxId);
      await expectRoom(tx, orgId);
      await tx.insert(tables.secretBindings).values(row);
      await expectFew(tx, { orgId, secretId });
      await recordAudit(tx, ctx, orgId, {
        action: "secret.bind",
        resource: { kind: "secret", id: secretId, label: `${secret.name} for ${label}` },
        changes: changesOf("secretBindings", null, row),
      });
      await notify(tx, { orgId, topic: "secrets", id: secretId });
      const nodeIds = await nodesOfSecret(tx, { orgId, secretId });
      return await makePlans(tx, ctx, { orgId, nodeIds, cause: "secret.bind" });
    });
    await deliverPlans(ctx, orgId, planIds);
    return { bindingId: row.id };
  },
});

export const describeScope = (scope: Readonly<Record<string, readonly string[]>>): string =>
  Object.entries(scope)
    .map(([name, values]) => `${name}=${values.join("|")}`)
    .join(", ");

/** Whoever binds must be allowed to see the sandbox; to others it is not there. */
async function visibleName(tx: Tx, actor: UserActor | ApiKeyActor, sandboxId: string): Promise<string> {
  const { sandboxes: s, nodes: n } = tables;
  const row = first(
    await tx
      .select({ name: s.name, own: s.labels, node: n.labels })
      .from(s)
      .innerJoin(n, and(eq(n.orgId, s.orgId), eq(n.id, s.nodeId)))
      .where(and(eq(s.orgId, actor.orgId), eq(s.id, sandboxId), isNull(s.removedAt))),
  );
  if (row === null) throw notFound();
  const labels = labelsOnNode(stored<Labels>(row.own), stored<Labels>(row.node));
  authorizeOn(actor, { action: "read", kind: "sandbox", labels });
  return row.name;
}

async function expectRoom(tx: Tx, orgId: string): Promise<void> {
  const b = tables.secretBindings;
  const [row] = await tx
    .select({ live: sql<number>`count(*)::int` })
    .from(b)
    .where(and(eq(b.orgId, orgId), isNull(b.endedAt)));
  if ((row?.live ?? 0) >= BINDINGS_MAX)
    throw new CreelError(
      "conflict",
      `There are ${BINDINGS_MAX} bindings already. Bind by labels instead of one by one.`,
    );
}
