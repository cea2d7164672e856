import { and, eq, isNull, notify, type Tx, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { changesOf, recordAudit } from "../audit/record.ts";
import { authorizeNew, authorizeOn } from "../authz/authorize.ts";
import { labelsSchema } from "../authz/fields.ts";
import { type Labels, labelsOnNode, mayOn } from "../authz/grant.ts";
import { authorizeRelabel, unnamedIn } from "../authz/relabel.ts";
import { asTheyStand } from "../change/proposer.ts";
import type { ApiKeyActor, UserActor } from "../context.ts";
import { CreelError, notFound } from "../errors/errors.ts";
import { deliverPlans, lockNodes, makePlans } from "../plan/make.ts";
import { expectWrittenFor } from "../policy/expectWrittenFor.ts";
import { drawnBy, drawsAny, holdBindings, toldOf } from "../secret/drawn.ts";
import { first, stored } from "../stored.ts";
import { defineVerb } from "../verb.ts";

export const setLabelsInput = z.strictObject({ nodeId: z.uuid(), labels: labelsSchema });

/**
 * Moves a node, and every sandbox on it, between scopes: asked of where it is and of where it goes, of each label by which it goes
 * there, and of each sandbox that it takes along. Secrets bound by labels follow in the same transaction.
 */
export const setLabels = defineVerb({
  name: "node.setLabels",
  kind: "mutation",
  gate: { by: "person", action: "update", on: "node" },
  proof: true,
  input: setLabelsInput,
  run: async (ctx, { nodeId, labels }): Promise<{ labels: Labels }> => {
    const { orgId } = ctx.actor;
    const t = tables.nodes;
    const planIds = await withOrg(ctx.db, orgId, async (tx) => {
      const mine = and(eq(t.orgId, orgId), eq(t.id, nodeId), isNull(t.revokedAt));
      const { actor } = await asTheyStand(tx, ctx, { action: "update", on: "node" });
      await holdBindings(tx, orgId);
      await lockNodes(tx, { orgId, nodeIds: [nodeId] });
      const before = first(await tx.select().from(t).where(mine));
      if (before === null) throw notFound();
      const from = stored<Labels>(before.labels);
      authorizeOn(actor, { action: "update", kind: "node", labels: from });
      authorizeNew(actor, { action: "update", kind: "node", labels });
      authorizeRelabel(actor, { action: "update", kind: "node", from, to: labels });
      const moved = await expectMayMove(tx, actor, { nodeId, from, to: labels });
      for (const each of moved) await expectWrittenFor({ tx, orgId, now: ctx.clock() }, each);
      const drawn = await drawnBy(tx, { orgId, nodeId }, () => tx.update(t).set({ labels }).where(mine));
      await recordAudit(tx, ctx, orgId, {
        action: "node.setLabels",
        resource: { kind: "node", id: nodeId, label: before.name },
        changes: { ...changesOf("nodes", before, { ...before, labels }), ...toldOf(drawn) },
      });
      await notify(tx, { orgId, topic: "nodes", id: nodeId });
      if (!drawsAny(drawn)) return [];
      return await makePlans(tx, ctx, { orgId, nodeIds: [nodeId], cause: "node.setLabels" });
    });
    await deliverPlans(ctx, orgId, planIds);
    return { labels };
  },
});

/**
 * A node's labels stand before its sandboxes' own, so labelling it moves them, out of the reach of those who work with them
 * and into that of others. Whoever moves them may change each of them, where it is and where it goes.
 */
async function expectMayMove(
  tx: Tx,
  actor: UserActor | ApiKeyActor,
  node: { nodeId: string; from: Labels; to: Labels },
): Promise<{ policyId: string; labels: Labels }[]> {
  const s = tables.sandboxes;
  // Held, so that none changes its own labels between being judged and being moved.
  const rows = await tx
    .select({ labels: s.labels, policyId: s.policyId })
    .from(s)
    .where(and(eq(s.orgId, actor.orgId), eq(s.nodeId, node.nodeId), isNull(s.removedAt)))
    .orderBy(s.id)
    .for("no key update");
  const on = { action: "update", kind: "sandbox" } as const;
  const stuck = rows.filter(({ labels }) => {
    const [from, to] = [node.from, node.to].map((its) => labelsOnNode(stored<Labels>(labels), its));
    if (from === undefined || to === undefined || sameLabels(from, to)) return false;
    const reaches = [from, to].every((each) => mayOn(actor.grants, { ...on, labels: each }));
    return !reaches || unnamedIn(actor.grants, { ...on, from, to }).length > 0;
  });
  if (stuck.length > 0)
    throw new CreelError(
      "forbidden",
      "The labels of a node stand before those of its sandboxes, and some on this one would go where you may not take them.",
    );
  return rows.flatMap(({ labels, policyId }) => {
    const [was, will] = [node.from, node.to].map((its) => labelsOnNode(stored<Labels>(labels), its));
    return was === undefined || will === undefined || sameLabels(was, will) ? [] : [{ policyId, labels: will }];
  });
}

const sameLabels = (one: Labels, other: Labels): boolean =>
  Object.keys(one).length === Object.keys(other).length &&
  Object.entries(one).every(([label, value]) => Object.hasOwn(other, label) && other[label] === value);
