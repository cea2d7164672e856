/**
 * Threat: whoever would have to ask for approvals to give a role gives it by an invitation, a team, a mapping or a role that grows.
 * Invariant: what approval policies in force select as a grant is given by `grant.give` alone, which waits for them.
 */
import type { Grant } from "../authz/grant.ts";
import type { In } from "../change/kinds.ts";
import { rulesFor } from "../change/rules.ts";
import { touchesOfScope } from "../change/scopeTouches.ts";
import { CreelError } from "../errors/errors.ts";
import { riskOfRole } from "./risk.ts";

/** Throws where an approval policy would have to be asked about one of these. */
export async function expectUnselected(
  at: In,
  given: readonly Pick<Grant, "permissions" | "scope">[],
  instead: string,
): Promise<void> {
  for (const { permissions, scope } of given) {
    const { enforced } = await rulesFor(at.tx, {
      orgId: at.orgId,
      kind: "role_grant",
      risk: riskOfRole(permissions),
      touches: await touchesOfScope(at, scope),
      guardedBy: [],
    });
    const [policy] = enforced;
    if (policy !== undefined)
      throw new CreelError("forbidden", `The approval policy “${policy.name}” asks approvals for that. ${instead}`, {
        details: { approvalPolicies: enforced.map(({ policyId }) => policyId) },
      });
  }
}
