import { randomBytes } from "node:crypto";
import { newId, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { changesOf, describeActor, recordAudit } from "../audit/record.ts";
import { expectProof } from "../auth/proof.ts";
import { CreelError } from "../errors/errors.ts";
import type { IdentityDomainView } from "../ssoViews.ts";
import { defineVerb } from "../verb.ts";
import { domainSchema } from "./domain.ts";
import { DOMAINS_MAX } from "./limits.ts";
import { domainsOf } from "./row.ts";
import { toDomainView } from "./view.ts";

/** 160 bits: nobody guesses what a record will have to hold. */
const TOKEN_BYTES = 20;

export const addDomainInput = z.strictObject({ domain: domainSchema });

/** Names a domain. Until DNS says whose it is, it opens nothing; so anybody may name any. */
export const addDomain = defineVerb({
  name: "sso.addDomain",
  kind: "mutation",
  gate: { by: "person", action: "update", on: "identity_provider" },
  input: addDomainInput,
  run: async (ctx, { domain }): Promise<IdentityDomainView> => {
    const { orgId } = ctx.actor;
    const now = ctx.clock();
    expectProof(ctx.actor, now);
    const row = {
      orgId,
      id: newId(now),
      domain,
      verificationToken: randomBytes(TOKEN_BYTES).toString("hex"),
      verifiedAt: null,
      checkedAt: null,
      createdBy: describeActor(ctx.actor).label,
      createdAt: now,
      removedAt: null,
    };
    await withOrg(ctx.db, orgId, async (tx) => {
      const known = await domainsOf(tx, orgId);
      if (known.some((one) => one.domain === domain)) throw new CreelError("conflict", `${domain} is named already.`);
      if (known.length >= DOMAINS_MAX) throw new CreelError("conflict", `An organization has at most ${DOMAINS_MAX}.`);
      await tx.insert(tables.identityDomains).values(row);
      await recordAudit(tx, ctx, orgId, {
        action: "sso.addDomain",
        resource: { kind: "identity_provider", id: row.id, label: domain },
        changes: changesOf("identityDomains", null, row),
      });
    });
    return toDomainView(row);
  },
});
