import { and, count, eq, gt, sql, type Tx, tables } from "@creel/db";
import { countOnce, tryKey } from "../auth/tries.ts";
import { ownsOrg } from "../authz/grant.ts";
import type { Ctx, UserActor } from "../context.ts";
import { CreelError } from "../errors/errors.ts";
import { first } from "../stored.ts";
import { DAY_MS, FOUNDED_PER_DAY_MAX, ORGS_OF_PERSON_MAX, ORGS_PER_DAY_MAX } from "./limits.ts";

/** Why this person cannot found an org now, in a sentence for the page; null when they can. Who may is said by the deployment. */
export function foundingRefusal({ actor, founders }: Pick<Ctx<UserActor>, "actor" | "founders">): string | null {
  if (founders !== "owners") return "Whoever runs this installation founds its organizations.";
  if (actor.identityProviderId != null)
    return "Your identity provider speaks for this organization alone. Sign in with your password to found another one.";
  if (!ownsOrg(actor.grants)) return "Only an owner of an organization founds another one.";
  return null;
}

/** Taken by every founding, so that two at once are counted one after the other. */
const lockFounding = (tx: Tx) =>
  tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${"creel founding"}, 0))`);

/** @throws CreelError `rate_limited` or `conflict` when there is no room for one more. */
export async function expectRoomForOrg(
  system: Tx,
  { userId, orgId, now }: { userId: string; orgId: string; now: Date },
): Promise<{ rootOrgId: string }> {
  const { orgs: o, memberships: m } = tables;
  await lockFounding(system);
  const from = first(await system.select({ rootOrgId: o.rootOrgId }).from(o).where(eq(o.id, orgId)));
  // An org that was founded out of another one counts with it: whoever owns many is no more than whoever owns one.
  const rootOrgId = from?.rootOrgId ?? orgId;
  const today = gt(o.createdAt, new Date(now.getTime() - DAY_MS));
  const [ofRoot] = await system
    .select({ count: count() })
    .from(o)
    .where(and(today, eq(o.rootOrgId, rootOrgId)));
  const [all] = await system.select({ count: count() }).from(o).where(today);
  const [belongs] = await system.select({ count: count() }).from(m).where(eq(m.userId, userId));
  if ((belongs?.count ?? ORGS_OF_PERSON_MAX) >= ORGS_OF_PERSON_MAX)
    throw new CreelError(
      "conflict",
      `You belong to ${ORGS_OF_PERSON_MAX} organizations, which is as many as there can be.`,
    );
  const mine = await countOnce(system, { key: tryKey("founding", userId), windowMs: DAY_MS, now });
  if (
    (all?.count ?? ORGS_PER_DAY_MAX) >= ORGS_PER_DAY_MAX ||
    (ofRoot?.count ?? FOUNDED_PER_DAY_MAX) >= FOUNDED_PER_DAY_MAX ||
    (mine ?? FOUNDED_PER_DAY_MAX + 1) > FOUNDED_PER_DAY_MAX
  )
    throw new CreelError("rate_limited", "Too many organizations were founded today. Try again tomorrow.");
  return { rootOrgId };
}
