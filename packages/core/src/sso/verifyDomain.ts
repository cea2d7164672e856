import { and, eq, isNotNull, isNull, tables, withOrg, withSystem } from "@creel/db";
import { z } from "zod";
import { changesOf, recordAudit } from "../audit/record.ts";
import { underPeopleLock } from "../auth/actorNow.ts";
import { expectProof } from "../auth/proof.ts";
import { CreelError } from "../errors/errors.ts";
import type { IdentityDomainView } from "../ssoViews.ts";
import { defineVerb } from "../verb.ts";
import { recordName, recordValue } from "./domain.ts";
import { expectOwner } from "./owner.ts";
import { existingDomain, providerOf } from "./row.ts";
import { endPasswordSignIns } from "./sessions.ts";
import { toDomainView } from "./view.ts";
import { worldOf } from "./world.ts";

export const verifyDomainInput = z.strictObject({ domainId: z.uuid() });

/**
 * Threat: an org says that a stranger's domain is its own, and its provider then signs the stranger's people in. Invariant: the
 * domain's own DNS names a random value that this org alone was given, and a domain speaks for one org.
 */
export const verifyDomain = defineVerb({
  name: "sso.verifyDomain",
  kind: "mutation",
  gate: { by: "person", action: "update", on: "identity_provider" },
  input: verifyDomainInput,
  run: async (ctx, { domainId }): Promise<IdentityDomainView> => {
    const { orgId } = ctx.actor;
    const { resolveTxt } = worldOf(ctx);
    expectProof(ctx.actor, ctx.clock());
    expectOwner(ctx.actor);
    const d = tables.identityDomains;
    const asked = await withOrg(ctx.db, orgId, async (tx) => await existingDomain(tx, { orgId, domainId }));
    const records = await readRecords(resolveTxt, recordName(asked.domain));
    const found = records.includes(recordValue(asked.verificationToken));
    if (found) await expectNobodyElses(ctx.db, { orgId, domain: asked.domain });
    return await withOrg(ctx.db, orgId, async (tx) => {
      // The domain's name server had all the time it wanted meanwhile.
      expectOwner((await underPeopleLock(tx, ctx, { action: "update", on: "identity_provider" })).actor);
      const before = await existingDomain(tx, { orgId, domainId });
      const now = ctx.clock();
      const after = { ...before, checkedAt: now, verifiedAt: found ? (before.verifiedAt ?? now) : before.verifiedAt };
      await tx
        .update(d)
        .set({ checkedAt: after.checkedAt, verifiedAt: after.verifiedAt })
        .where(and(eq(d.orgId, orgId), eq(d.id, domainId)));
      const provider = await providerOf(tx, orgId, "update");
      const closes = provider?.enforced === true && before.verifiedAt === null && after.verifiedAt !== null;
      const exceptUserId = provider?.breakGlassUserId;
      const sessionsEnded =
        closes && exceptUserId != null ? await endPasswordSignIns(tx, { orgId, exceptUserId, now }) : 0;
      await recordAudit(tx, ctx, orgId, {
        action: "sso.verifyDomain",
        resource: { kind: "identity_provider", id: domainId, label: before.domain },
        changes: {
          ...changesOf("identityDomains", before, after),
          found: { to: found },
          sessionsEnded: { to: sessionsEnded },
        },
      });
      return toDomainView(after);
    });
  },
});

/** A name without records is a domain that says nothing; so is one that cannot be asked, and the page offers to ask again. */
async function readRecords(resolveTxt: (name: string) => Promise<string[][]>, name: string): Promise<string[]> {
  try {
    return (await resolveTxt(name)).map((pieces) => pieces.join(""));
  } catch {
    return [];
  }
}

/** Two that both could write the domain's records: the first one has it until it lets go. */
async function expectNobodyElses(
  db: Parameters<typeof withSystem>[0],
  { orgId, domain }: { orgId: string; domain: string },
): Promise<void> {
  const d = tables.identityDomains;
  const verified = await withSystem(db, (tx) =>
    tx
      .select({ orgId: d.orgId })
      .from(d)
      .where(and(eq(d.domain, domain), isNotNull(d.verifiedAt), isNull(d.removedAt))),
  );
  if (verified.some((row) => row.orgId !== orgId))
    throw new CreelError(
      "conflict",
      `Another organization of this installation has verified ${domain}. It must remove it first.`,
    );
}
