/**
 * Threat: what needs approvals in production is written where it needs none, and a sandbox of production is put under it.
 * Invariant: a sandbox comes under a policy, by being made or by being labelled, only where each approval policy in force that
 * asks about policies there was asked about that policy too: by the policy's own labels, or by those of what used it before.
 */
import { type ApprovalSpec, type Labels, selects } from "@creel/approvals";
import { and, eq, isNull, tables } from "@creel/db";
import type { In } from "../change/kinds.ts";
import { CreelError } from "../errors/errors.ts";
import { stored } from "../stored.ts";
import { labelsOfUsers, NOTHING_ALLOWED, newestVersion, riskBetween } from "./versionChange.ts";

const KIND = "policy_version";

/** Throws where the policy was never written for things with these labels. */
export async function expectWrittenFor(at: In, of: { policyId: string; labels: Labels }): Promise<void> {
  const byLabels = (await enforced(at)).filter(({ spec }) => spec.selector.labels !== undefined);
  if (byLabels.length === 0) return;
  const { policy, newest } = await newestVersion(at, of.policyId);
  const risk = riskBetween(NOTHING_ALLOWED, newest.yaml, at.now);
  const known = [stored<Labels>(policy.labels), ...(await labelsOfUsers(at, of.policyId))];
  const missing = byLabels.find(({ spec: { selector } }) => {
    const { riskAtLeast: _, ...whatever } = selector;
    return (
      selects(selector, { kind: KIND, risk, touches: [of.labels] }) &&
      !selects(whatever, { kind: KIND, risk, touches: known })
    );
  });
  if (missing !== undefined)
    throw new CreelError(
      "forbidden",
      `The approval policy “${missing.name}” asks approvals for policies there, and ${policy.name} was not written for it. Label the policy so first, or use another one.`,
    );
}

async function enforced({ tx, orgId }: In): Promise<{ name: string; spec: ApprovalSpec }[]> {
  const t = tables.approvalPolicies;
  const rows = await tx
    .select({ name: t.name, spec: t.spec })
    .from(t)
    .where(and(eq(t.orgId, orgId), eq(t.mode, "enforce"), isNull(t.removedAt)));
  return rows.map(({ name, spec }) => ({ name, spec: stored<ApprovalSpec>(spec) }));
}
