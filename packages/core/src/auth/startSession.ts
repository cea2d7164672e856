import { eq, newId, type Tx, tables } from "@creel/db";
import { changesOf, recordAudit } from "../audit/record.ts";
import type { Ctx, UserActor } from "../context.ts";
import { notFound } from "../errors/errors.ts";
import { hashToken, makeSessionToken } from "../secrets/tokens.ts";
import { first, iso } from "../stored.ts";
import type { SignedIn } from "../views.ts";
import { SESSION_MS_MAX } from "./limits.ts";

/** A new sign-in of a person whom the caller has made sure of, with its audit row. */
export async function startSession(
  tx: Tx,
  ctx: Ctx<UserActor>,
  of: {
    orgId: string;
    userId: string;
    email: string;
    userAgent?: string | undefined;
    /** The provider that said who it is, and when the person last showed it that. */
    identityProviderId?: string;
    provedAt?: Date | null;
    /** The sign-in that this one is made from. It is no longer-lived and proves nothing that the other one did not. */
    from?: { createdAt: Date; expiresAt: Date; provedAt: Date | null };
  },
): Promise<SignedIn> {
  const { orgId, userId, email } = of;
  const now = ctx.clock();
  const token = makeSessionToken();
  const session = {
    orgId,
    id: newId(now),
    userId,
    tokenHash: hashToken(token),
    userAgent: of.userAgent ?? null,
    source: ctx.source ?? null,
    createdAt: of.from?.createdAt ?? now,
    lastUsedAt: now,
    expiresAt: of.from?.expiresAt ?? new Date(now.getTime() + SESSION_MS_MAX),
    revokedAt: null,
    provedAt: of.from !== undefined ? of.from.provedAt : of.provedAt === undefined ? now : of.provedAt,
    identityProviderId: of.identityProviderId ?? null,
  };
  await tx.insert(tables.sessions).values(session);
  await recordAudit(tx, ctx, orgId, {
    action: of.from === undefined ? "auth.signIn" : "auth.switchOrg",
    resource: { kind: "session", id: session.id, label: email },
    changes: changesOf("sessions", null, session),
  });
  const { users: u, orgs: o } = tables;
  const org = first(await tx.select({ id: o.id, slug: o.slug, name: o.name }).from(o).where(eq(o.id, orgId)));
  const user = first(await tx.select({ name: u.name }).from(u).where(eq(u.id, userId)));
  if (org === null || user === null) throw notFound();
  return { token, expiresAt: iso(session.expiresAt), user: { id: userId, email, name: user.name }, org };
}
