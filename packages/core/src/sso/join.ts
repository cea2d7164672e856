import { type Tx, tables } from "@creel/db";
import { recordAudit } from "../audit/record.ts";
import { expectSound } from "../authz/people.ts";
import { roleByKey } from "../authz/roleByKey.ts";
import type { Ctx, UserActor } from "../context.ts";
import { insertGrant } from "../grant/insert.ts";
import { noRole } from "./account.ts";
import type { Claims } from "./complete.ts";
import { CLAIM_VALUES_MAX } from "./limits.ts";
import type { ProviderRow } from "./row.ts";
import { mappingOf } from "./view.ts";

export interface Offer {
  role: string;
  teamId: string | null;
}

/** What a newcomer is given: the first mapping that fits, else the default, else nothing, and then they stay outside. */
export function offerOf(row: ProviderRow, claims: Claims): Offer | null {
  const values = row.roleClaim === null ? [] : valuesOf(claims[row.roleClaim]);
  const fits = mappingOf(row).find(({ value }) => values.includes(value));
  if (fits !== undefined) return { role: fits.role, teamId: fits.teamId };
  return row.defaultRole === null ? null : { role: row.defaultRole, teamId: null };
}

function valuesOf(claim: unknown): string[] {
  const listed = Array.isArray(claim) ? claim.slice(0, CLAIM_VALUES_MAX) : [claim];
  return listed.filter((value): value is string => typeof value === "string");
}

/** Makes a member of somebody on the provider's word, with that role and nothing more. Under the caller's `lockPeople`. */
export async function join(
  tx: Tx,
  ctx: Ctx<UserActor>,
  { row, claims }: { row: ProviderRow; claims: Claims },
): Promise<void> {
  const offer = offerOf(row, claims);
  // Whatever the row says: nobody becomes an owner by a claim.
  if (offer === null || offer.role === "owner") throw noRole();
  const { orgId } = row;
  const { userId, email } = ctx.actor;
  const now = ctx.clock();
  const role = await roleByKey(tx, { orgId, key: offer.role });
  await tx.insert(tables.memberships).values({ orgId, userId, createdAt: now });
  if (offer.teamId !== null)
    await tx.insert(tables.teamMembers).values({ orgId, teamId: offer.teamId, userId, createdAt: now });
  await insertGrant(tx, ctx, {
    orgId,
    subject: { kind: "user", id: userId },
    role,
    scope: null,
    expiresAt: null,
    reason: `By ${row.name}, at the first sign-in.`,
  });
  await expectSound(tx, { orgId, userIds: [userId], now });
  await recordAudit(tx, ctx, orgId, {
    action: "sso.join",
    resource: { kind: "identity_provider", id: row.id, label: row.name },
    changes: { member: { to: email }, role: { to: role.name } },
  });
}
