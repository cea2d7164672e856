/**
 * Threat: what needs approvals in production is written where it needs none, and a sandbox of production is put under it.
 * Invariant: a sandbox comes under a policy, by being made or by being labelled, only where each approval policy in force that
 * asks about policies there was asked about that policy too: by the policy's own labels, or by those of what used it before.
 */
import { type Labels, selects } from "@creel/approvals";
import type { In } from "../change/kinds.ts";
import { bindingRules } from "../change/rules.ts";
import { CreelError } from "../errors/errors.ts";
import { stored } from "../stored.ts";
import { NOTHING_ALLOWED } from "./nothingAllowed.ts";
import { labelsOfUsers, newestVersion, riskBetween } from "./versionChange.ts";

const KIND = "policy_version";

/** Throws where the policy was never written for things with these labels. */
export async function expectWrittenFor(at: In, of: { policyId: string; labels: Labels }): Promise<void> {
  const byLabels = (await bindingRules(at.tx, at.orgId)).filter(
    ({ mode, spec }) => mode === "enforce" && spec.selector.labels !== undefined,
  );
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
