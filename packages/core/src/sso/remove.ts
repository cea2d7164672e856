import { and, eq, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { changesOf, recordAudit } from "../audit/record.ts";
import { expectProof } from "../auth/proof.ts";
import { CreelError } from "../errors/errors.ts";
import { defineVerb } from "../verb.ts";
import { existingProvider } from "./row.ts";
import { endSignInsOf } from "./sessions.ts";

export const removeInput = z.strictObject({});

/** With the provider end all sign-ins that it began. */
export const remove = defineVerb({
  name: "sso.remove",
  kind: "mutation",
  gate: { by: "person", action: "delete", on: "identity_provider" },
  input: removeInput,
  run: async (ctx): Promise<{ ok: true }> => {
    const { orgId } = ctx.actor;
    const now = ctx.clock();
    const t = tables.identityProviders;
    expectProof(ctx.actor, now);
    await withOrg(ctx.db, orgId, async (tx) => {
      const before = await existingProvider(tx, orgId);
      if (before.enforced)
        throw new CreelError(
          "conflict",
          "Single sign-on is enforced: nobody could sign in without it. Turn that off first.",
        );
      await tx
        .update(t)
        .set({ removedAt: now })
        .where(and(eq(t.orgId, orgId), eq(t.id, before.id)));
      const sessionsEnded = await endSignInsOf(tx, { orgId, providerId: before.id, now });
      await recordAudit(tx, ctx, orgId, {
        action: "sso.remove",
        resource: { kind: "identity_provider", id: before.id, label: before.name },
        changes: {
          ...changesOf("identityProviders", before, { ...before, removedAt: now }),
          sessionsEnded: { to: sessionsEnded },
        },
      });
    });
    return { ok: true };
  },
});
