import { and, eq, isNull, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { describeActor, recordAudit } from "../audit/record.ts";
import { underPeopleLock } from "../auth/actorNow.ts";
import { grantsOfServiceAccount } from "../authz/grantsOf.ts";
import { expectHolds } from "../authz/holds.ts";
import { notFound } from "../errors/errors.ts";
import { revokeSentBy } from "../invitation/sender.ts";
import { first } from "../stored.ts";
import { endKeys } from "../token/endKeys.ts";
import { defineVerb } from "../verb.ts";

export const disableInput = z.strictObject({ serviceAccountId: z.uuid() });

/** Ends its grants, its keys, the keys that those made for whomever, and the open invitations it sent. It is not brought back: a new one is made and granted anew. */
export const disable = defineVerb({
  name: "serviceAccount.disable",
  kind: "mutation",
  gate: { by: "person", action: "delete", on: "service_account" },
  input: disableInput,
  run: async (ctx, { serviceAccountId }): Promise<{ keysEnded: number }> => {
    const { orgId } = ctx.actor;
    const { serviceAccounts: s, roleGrants: g, apiTokens: k } = tables;
    const now = ctx.clock();
    return await withOrg(ctx.db, orgId, async (tx) => {
      const { actor } = await underPeopleLock(tx, ctx, { action: "delete", on: "service_account" });
      expectHolds(actor, await grantsOfServiceAccount(tx, { orgId, serviceAccountId, now }));
      const row = first(
        await tx
          .update(s)
          .set({ disabledAt: now })
          .where(and(eq(s.orgId, orgId), eq(s.id, serviceAccountId), isNull(s.disabledAt)))
          .returning({ name: s.name }),
      );
      if (row === null) throw notFound();
      await tx
        .update(g)
        .set({ endedAt: now, endedBy: describeActor(ctx.actor).label })
        .where(and(eq(g.orgId, orgId), eq(g.serviceAccountId, serviceAccountId), isNull(g.endedAt)));
      const keys = await tx
        .update(k)
        .set({ revokedAt: now })
        .where(and(eq(k.orgId, orgId), eq(k.ownerServiceAccountId, serviceAccountId), isNull(k.revokedAt)))
        .returning({ id: k.id });
      const roots = eq(k.ownerServiceAccountId, serviceAccountId);
      const keysEnded = keys.length + (await endKeys(tx, ctx, { orgId, roots, made: "end", now }));
      const sender = { kind: "service_account", id: serviceAccountId } as const;
      const invitationsRevoked = await revokeSentBy(tx, { orgId, sender, now });
      await recordAudit(tx, ctx, orgId, {
        action: "serviceAccount.disable",
        resource: { kind: "service_account", id: serviceAccountId, label: row.name },
        changes: {
          disabledAt: { to: now.toISOString() },
          keysEnded: { to: keysEnded },
          invitationsRevoked: { to: invitationsRevoked },
        },
      });
      return { keysEnded };
    });
  },
});
