/**
 * Threat: a team that only reviews holds no grants, so that whoever may fill teams, and nothing else, says who approves, or leaves
 * nobody who could say no. Invariant: into a team that an approval policy names, and out of it, somebody comes only by whoever may
 * change approval policies; whoever leaves the organization leaves its teams.
 */
import type { Tx } from "@creel/db";
import { type Grant, mayAtAll } from "../authz/grant.ts";
import { standingRules } from "../change/rules.ts";
import { CreelError } from "../errors/errors.ts";

export async function expectMaySeat(
  tx: Tx,
  actor: { grants: readonly Grant[] },
  { orgId, teamId }: { orgId: string; teamId: string },
): Promise<void> {
  if (mayAtAll(actor.grants, "update", "approval_policy")) return;
  const name = await policyNaming(tx, { orgId, teamId });
  if (name === null) return;
  throw new CreelError(
    "forbidden",
    `${mayAtAll(actor.grants, "read", "approval_policy") ? `The approval policy ${name}` : "An approval policy"} asks people of this team, so whoever may change approval policies says who is in it.`,
  );
}

/** The first approval policy that asks people of this team, enforced or looking on. */
async function policyNaming(tx: Tx, { orgId, teamId }: { orgId: string; teamId: string }): Promise<string | null> {
  const rules = await standingRules(tx, orgId);
  return rules.find(({ spec }) => names(spec.steps, teamId) || names(spec.veto, teamId))?.name ?? null;
}

/** Wherever in a rule a team stands, it stands as `{ team: id }`; what grows in the language of rules stays found. */
function names(rule: unknown, teamId: string): boolean {
  if (typeof rule !== "object" || rule === null) return false;
  return ("team" in rule && rule.team === teamId) || Object.values(rule).some((part) => names(part, teamId));
}
