import { and, eq, gt, isNull, tables, withSystem } from "@creel/db";
import type { Ctx } from "../context.ts";
import { CreelError } from "../errors/errors.ts";
import { hashToken } from "../secrets/tokens.ts";
import { first } from "../stored.ts";

/** One text for a link that never was, one that was used or revoked, and one that is too old. */
export const invalidInvitation = (): CreelError =>
  new CreelError("not_found", "This invitation is not valid any more. Ask whoever sent it for a new one.");

/** The open invitation a token stands for, and the account of its address where there is one. */
export async function findInvitation(ctx: Ctx, token: string) {
  const { invitations: i, orgs: o, users: u } = tables;
  const row = await withSystem(ctx.db, async (tx) =>
    first(
      await tx
        .select({
          invitation: i,
          orgName: o.name,
          user: { id: u.id, passwordHash: u.passwordHash, disabledAt: u.disabledAt },
        })
        .from(i)
        .innerJoin(o, eq(o.id, i.orgId))
        .leftJoin(u, eq(u.email, i.email))
        .where(
          and(eq(i.tokenHash, hashToken(token)), isNull(i.usedAt), isNull(i.revokedAt), gt(i.expiresAt, ctx.clock())),
        ),
    ),
  );
  if (row === null) throw invalidInvitation();
  return row;
}
