import { and, desc, eq, tables, withOrg } from "@creel/db";
import { z } from "zod";
import type { Scope } from "../authz/grant.ts";
import { PAGE_MAX } from "../limits.ts";
import type { InvitationView } from "../peopleViews.ts";
import { iso, storedOrNull } from "../stored.ts";
import { defineVerb } from "../verb.ts";

export const listInput = z.strictObject({});

export const list = defineVerb({
  name: "invitation.list",
  kind: "query",
  gate: { by: "person", action: "read", on: "invitation" },
  input: listInput,
  run: async (ctx): Promise<{ items: InvitationView[] }> => {
    const { orgId } = ctx.actor;
    const { invitations: i, customRoles: r, teams: t } = tables;
    const now = ctx.clock();
    const rows = await withOrg(ctx.db, orgId, (tx) =>
      tx
        .select({ invitation: i, custom: r.name, team: t.name })
        .from(i)
        .leftJoin(r, and(eq(r.orgId, i.orgId), eq(r.id, i.customRoleId)))
        .leftJoin(t, and(eq(t.orgId, i.orgId), eq(t.id, i.teamId)))
        .where(eq(i.orgId, orgId))
        .orderBy(desc(i.id))
        .limit(PAGE_MAX),
    );
    const items = rows.map(({ invitation, custom, team }) => ({
      id: invitation.id,
      email: invitation.email,
      role: invitation.role ?? custom,
      scope: storedOrNull<Scope>(invitation.scope),
      team,
      invitedBy: invitation.invitedBy,
      createdAt: iso(invitation.createdAt),
      expiresAt: iso(invitation.expiresAt),
      state: stateOf(invitation, now),
    }));
    return { items };
  },
});

function stateOf(
  row: { usedAt: Date | null; revokedAt: Date | null; expiresAt: Date },
  now: Date,
): InvitationView["state"] {
  if (row.usedAt !== null) return "used";
  if (row.revokedAt !== null) return "revoked";
  return row.expiresAt <= now ? "expired" : "open";
}
