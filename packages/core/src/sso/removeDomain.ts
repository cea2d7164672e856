import { and, eq, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { changesOf, recordAudit } from "../audit/record.ts";
import { expectProof } from "../auth/proof.ts";
import { CreelError } from "../errors/errors.ts";
import { defineVerb } from "../verb.ts";
import { domainsOf, existingDomain, providerOf } from "./row.ts";

export const removeDomainInput = z.strictObject({ domainId: z.uuid() });

/** Its people sign in as before single sign-on: with their passwords, if they have one. */
export const removeDomain = defineVerb({
  name: "sso.removeDomain",
  kind: "mutation",
  gate: { by: "person", action: "update", on: "identity_provider" },
  input: removeDomainInput,
  run: async (ctx, { domainId }): Promise<{ ok: true }> => {
    const { orgId } = ctx.actor;
    const now = ctx.clock();
    const d = tables.identityDomains;
    expectProof(ctx.actor, now);
    await withOrg(ctx.db, orgId, async (tx) => {
      const provider = await providerOf(tx, orgId, "update");
      const before = await existingDomain(tx, { orgId, domainId });
      const verified = (await domainsOf(tx, orgId)).filter((one) => one.verifiedAt !== null && one.id !== domainId);
      if (provider?.enforced === true && verified.length === 0)
        throw new CreelError("conflict", "Single sign-on is enforced for this domain alone. Turn that off first.");
      await tx
        .update(d)
        .set({ removedAt: now })
        .where(and(eq(d.orgId, orgId), eq(d.id, domainId)));
      await recordAudit(tx, ctx, orgId, {
        action: "sso.removeDomain",
        resource: { kind: "identity_provider", id: domainId, label: before.domain },
        changes: changesOf("identityDomains", before, { ...before, removedAt: now }),
      });
    });
    return { ok: true };
  },
});
