/**
 * Threat: a text that nobody approved for production is given production's label, and with it whatever is allowed there.
 * Invariant: labels of a policy are moved by a change that touches it as it was and as it will be, and that is as grave as all that
 * its text allows.
 */
import type { Labels } from "@creel/approvals";
import { and, eq, notify, type Tx, tables } from "@creel/db";
import { z } from "zod";
import { changesOf, recordAudit } from "../audit/record.ts";
import { authorizeNew, authorizeOn } from "../authz/authorize.ts";
import { labelsSchema } from "../authz/fields.ts";
import { authorizeRelabel } from "../authz/relabel.ts";
import { defineChangeKind, type In } from "../change/kinds.ts";
import type { ApiKeyActor, Ctx, UserActor } from "../context.ts";
import { stored } from "../stored.ts";
import { NOTHING_ALLOWED } from "./nothingAllowed.ts";
import { labelsOfUsers, newestVersion, riskBetween } from "./versionChange.ts";

const RIGHT = { action: "update", on: "policy" } as const;
const contentSchema = z.strictObject({ policyId: z.uuid(), labels: labelsSchema });
type Content = z.output<typeof contentSchema>;

export const policyLabelsChange = defineChangeKind({
  kind: "policy_labels",
  selectedAs: "policy_version",
  contentSchema,
  propose: RIGHT,
  direct: RIGHT,
  admitEditor: async (at, actor, content) => await expectMayMove(at, actor, content),
  subject: ({ policyId }) => `policy:${policyId}`,
  base: async (at, { policyId }) => {
    const { policy, newest } = await newestVersion(at, policyId);
    return { policyId, version: policy.latestVersion, digest: newest.digest, labels: stored<Labels>(policy.labels) };
  },
  labels: async (at, { policyId, labels }) => {
    const { policy } = await newestVersion(at, policyId);
    return [stored<Labels>(policy.labels), labels, ...(await labelsOfUsers(at, policyId))];
  },
  risk: async (at, { policyId }) =>
    riskBetween(NOTHING_ALLOWED, (await newestVersion(at, policyId)).newest.yaml, at.now),
  summary: async (at, { policyId, labels }) => {
    const { policy } = await newestVersion(at, policyId);
    return `The policy ${policy.name} labelled ${spoken(labels)}`;
  },
  says: async (at, { policyId, labels }) => {
    const { policy } = await newestVersion(at, policyId);
    return [`Its labels are ${spoken(stored<Labels>(policy.labels))} now, and will be ${spoken(labels)}.`];
  },
  apply: async (tx, ctx, { policyId, labels }, { orgId }) => {
    await writeLabels(tx, ctx, { orgId, policyId, labels });
    return { labels };
  },
  neverByGlass:
    "Labels say which rules bind a policy, so break-glass moves none. Break it on the text, or on an exception, that must be in force now.",
});

async function writeLabels(tx: Tx, ctx: Ctx, of: { orgId: string; policyId: string; labels: Labels }): Promise<void> {
  const { orgId, policyId, labels } = of;
  const p = tables.policies;
  const { policy } = await newestVersion({ tx, orgId, now: ctx.clock() }, policyId);
  await tx
    .update(p)
    .set({ labels })
    .where(and(eq(p.orgId, orgId), eq(p.id, policyId)));
  await recordAudit(tx, ctx, orgId, {
    action: "policy.setLabels",
    resource: { kind: "policy", id: policyId, label: policy.name },
    changes: changesOf("policies", policy, { ...policy, labels }),
  });
  await notify(tx, { orgId, topic: "policies", id: policyId });
}

const spoken = (labels: Labels): string => {
  const text = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return text.length === 0 ? "none" : text.join(", ");
};

/** Asked of where it is, of where it goes, and of each label by which it goes there. */
export async function expectMayMove(
  at: In,
  actor: UserActor | ApiKeyActor,
  { policyId, labels }: Content,
): Promise<void> {
  const { policy } = await newestVersion(at, policyId);
  const from = stored<Labels>(policy.labels);
  authorizeOn(actor, { action: "update", kind: "policy", labels: from });
  authorizeNew(actor, { action: "update", kind: "policy", labels });
  authorizeRelabel(actor, { action: "update", kind: "policy", from, to: labels });
}
