import { and, eq, gt, isNull, newId, sql, type Tx, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { changesOf, describeActor, recordAudit } from "../audit/record.ts";
import { underPeopleLock } from "../auth/actorNow.ts";
import { scopeSchema } from "../authz/fields.ts";
import type { Grant } from "../authz/grant.ts";
import { grantsOfTeam } from "../authz/grantsOf.ts";
import { expectHolds } from "../authz/holds.ts";
import { type NamedRole, roleByKey, roleKeySchema } from "../authz/roleByKey.ts";
import { personOf } from "../context.ts";
import { CreelError } from "../errors/errors.ts";
import { expectUnselected } from "../grant/selected.ts";
import { hashToken, makeInvitationToken } from "../secrets/tokens.ts";
import { iso } from "../stored.ts";
import { findTeam } from "../team/find.ts";
import { expectMaySeat } from "../team/reviewers.ts";
import { defineVerb } from "../verb.ts";

/** A link that lies in a mailbox is a way in: two weeks are enough for somebody on holiday. */
const HOURS_MAX = 14 * 24;
const HOURS_DEFAULT = 72;
const HOUR_MS = 60 * 60 * 1000;
/** More open links than anybody keeps an eye on. */
const OPEN_MAX = 200;

export const createInput = z.strictObject({
  email: z.email().max(254),
  /** What they are granted; may be left out when a team gives it. */
  role: roleKeySchema.optional(),
  scope: scopeSchema.optional(),
  teamId: z.uuid().optional(),
  hours: z.number().int().min(1).max(HOURS_MAX).default(HOURS_DEFAULT),
});

export const create = defineVerb({
  name: "invitation.create",
  kind: "mutation",
  gate: { by: "person", action: "create", on: "invitation" },
  proof: true,
  input: createInput,
  run: async (ctx, input): Promise<{ id: string; token: string; email: string; expiresAt: string }> => {
    const { orgId } = ctx.actor;
    if (input.role === undefined && input.teamId === undefined)
      throw new CreelError("invalid_input", "Say what they will be: a role, a team, or both.");
    if (input.scope !== undefined && input.role === undefined)
      throw new CreelError("invalid_input", "A scope narrows a role: name the role too.");
    const email = input.email.toLowerCase();
    const now = ctx.clock();
    const token = makeInvitationToken();
    return await withOrg(ctx.db, orgId, async (tx) => {
      const { actor } = await underPeopleLock(tx, ctx, { action: "create", on: "invitation" });
      const role = input.role === undefined ? null : await roleByKey(tx, { orgId, key: input.role });
      const given = await givenBy(tx, { orgId, role, scope: input.scope ?? null, teamId: input.teamId ?? null, now });
      expectHolds(actor, given);
      await expectUnselected({ tx, orgId, now }, given, "Invite them with less, and give the rest once they are here.");
      if (input.teamId !== undefined) await expectMaySeat(tx, actor, { orgId, teamId: input.teamId });
      await expectRoom(tx, { orgId, now });
      await expectStranger(tx, { orgId, email });
      const row = {
        orgId,
        id: newId(now),
        email,
        tokenHash: hashToken(token),
        role: role?.role ?? null,
        customRoleId: role?.customRoleId ?? null,
        scope: input.scope ?? null,
        teamId: input.teamId ?? null,
        invitedBy: describeActor(ctx.actor).label,
        invitedByUserId: personOf(ctx.actor),
        createdAt: now,
        expiresAt: new Date(now.getTime() + input.hours * HOUR_MS),
        usedAt: null,
        revokedAt: null,
      };
      await tx.insert(tables.invitations).values(row);
      await recordAudit(tx, ctx, orgId, {
        action: "invitation.create",
        resource: { kind: "invitation", id: row.id, label: email },
        changes: changesOf("invitations", null, row),
      });
      return { id: row.id, token, email, expiresAt: iso(row.expiresAt) };
    });
  },
});

interface Offer {
  orgId: string;
  role: NamedRole | null;
  scope: Grant["scope"];
  teamId: string | null;
  now: Date;
}

/** All that whoever accepts will hold by it. */
export async function givenBy(tx: Tx, offer: Offer): Promise<Pick<Grant, "permissions" | "scope" | "expiresAt">[]> {
  const { orgId, role, scope, teamId, now } = offer;
  const own = role === null ? [] : [{ permissions: role.permissions, scope, expiresAt: null }];
  if (teamId === null) return own;
  await findTeam(tx, { orgId, teamId });
  return [...own, ...(await grantsOfTeam(tx, { orgId, teamId, now }))];
}

async function expectRoom(tx: Tx, { orgId, now }: { orgId: string; now: Date }): Promise<void> {
  const t = tables.invitations;
  const [open] = await tx
    .select({ count: sql<number>`count(*)::int` })
    .from(t)
    .where(and(eq(t.orgId, orgId), isNull(t.usedAt), isNull(t.revokedAt), gt(t.expiresAt, now)));
  if ((open?.count ?? 0) >= OPEN_MAX)
    throw new CreelError("rate_limited", `${OPEN_MAX} invitations are open. Revoke those that nobody will use.`);
}

async function expectStranger(tx: Tx, { orgId, email }: { orgId: string; email: string }): Promise<void> {
  const { memberships: m, users: u } = tables;
  const known = await tx
    .select({ id: u.id })
    .from(m)
    .innerJoin(u, eq(u.id, m.userId))
    .where(and(eq(m.orgId, orgId), eq(u.email, email)));
  if (known.length > 0) throw new CreelError("conflict", `${email} is a member already. Give them a role instead.`);
}
