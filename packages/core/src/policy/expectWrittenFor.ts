/**
 * Threat: what needs approvals in production is written where it needs none, and a sandbox of production is put under it.
 * Invariant: a sandbox comes under a policy, by being made or by being labelled, only where each approval policy in force that
 * asks about policies there was asked about that policy too: by the policy's own labels, or by those of what used it before. A text
 * that break-glass applied was asked about by nobody.
 */
import { type Labels, selects } from "@creel/approvals";
import type { In } from "../change/kinds.ts";
import { standingRules } from "../change/rules.ts";
import { openGlass } from "../change/underGlass.ts";
import { CreelError } from "../errors/errors.ts";
import { stored } from "../stored.ts";
import { NOTHING_ALLOWED } from "./nothingAllowed.ts";
import { labelsOfUsers, newestVersion, riskBetween } from "./versionChange.ts";

const KIND = "policy_version";

/** Throws where the policy was never written for things with these labels. */
export async function expectWrittenFor(at: In, of: { policyId: string; labels: Labels }): Promise<void> {
  const byLabels = (await standingRules(at.tx, at.orgId)).filter(
    ({ mode, spec }) => mode === "enforce" && spec.selector.labels !== undefined,
  );
  if (byLabels.length === 0) return;
  const { policy, newest } = await newestVersion(at, of.policyId);
  const [glass] = await openGlass(at.tx, { orgId: at.orgId, subject: `policy:${policy.id}` });
  if (glass !== undefined)
    throw new CreelError(
      "forbidden",
      `The text of ${policy.name} was applied by break-glass (“${glass.title}”), and approval policies ask about policies by labels. Until it is kept or over, nothing new comes under it.`,
    );
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
