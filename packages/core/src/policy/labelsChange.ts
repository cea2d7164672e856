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
import { type AppliedChange, defineChangeKind, type In, type TakenBack } from "../change/kinds.ts";
import { appliedSince } from "../change/since.ts";
import type { ApiKeyActor, Ctx, UserActor } from "../context.ts";
import { digestOf } from "../digest.ts";
import { stored } from "../stored.ts";
import { NOTHING_ALLOWED } from "./nothingAllowed.ts";
import { labelsOfUsers, newestVersion, riskBetween } from "./versionChange.ts";

const RIGHT = { action: "update", on: "policy" } as const;
const contentSchema = z.strictObject({ policyId: z.uuid(), labels: labelsSchema });
type Content = z.output<typeof contentSchema>;
type Applied = AppliedChange<Content>;

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
  takeBack,
  opened: async (_at, { content, base }) =>
    Object.keys(without(content.labels, baseSchema.parse(base).labels)).length > 0,
});

const baseSchema = z.object({ labels: labelsSchema });

/** Those of the first that the second lacks. */
const without = (labels: Labels, less: Labels): Labels =>
  Object.fromEntries(Object.entries(labels).filter(([name, value]) => less[name] !== value));

/**
 * The labels of before, where those that were applied are still there and no others have been since. A label by which the policy
 * goes somewhere again is not given again so: that waits for its approvals.
 */
async function takeBack(tx: Tx, ctx: Ctx, { orgId, id, content, base }: Applied): Promise<TakenBack<Content>> {
  const { policy } = await newestVersion({ tx, orgId, now: ctx.clock() }, content.policyId);
  if (digestOf(policy.labels) !== digestOf(content.labels) || (await appliedSince(tx, { orgId, id })))
    return { how: "left", note: "It was labelled anew since." };
  const { policyId } = content;
  const before = baseSchema.parse(base).labels;
  const taken = without(before, content.labels);
  const given = without(content.labels, before);
  const wrote = Object.keys(given).length > 0;
  if (wrote) await writeLabels(tx, ctx, { orgId, policyId, labels: without(content.labels, given) });
  if (Object.keys(taken).length === 0) return { how: "taken_back" };
  return { how: "narrowed", reopen: { policyId, labels: before }, wrote };
}

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
