import { and, eq, isNotNull, isNull, ne, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { recordAudit } from "../audit/record.ts";
import { rewrapFactors } from "../auth/rewrapFactors.ts";
import { rewrapOrgKeys } from "../certificates/nodeCa.ts";
import { CreelError } from "../errors/errors.ts";
import { rewrapTargets } from "../notice/target.ts";
import { rewrapClientSecret } from "../sso/row.ts";
import { defineVerb } from "../verb.ts";
import { rewrap as rewrapKey } from "./envelope.ts";

export const rewrapInput = z.strictObject({});

/** How many of each were under a former key. */
export interface Rewrapped {
  versions: number;
  keys: number;
  channels: number;
  providers: number;
  authenticators: number;
}

/**
 * Puts everything that the deployment's key sealed for the org and its people under the newest one, after which a former one may be
 * taken out of the key file. Values are not touched and nodes hear nothing. A key that is missing ends it with an error, and with
 * nothing of the org changed; what a person's authenticator holds is not the org's and goes first, by itself.
 */
export const rewrap = defineVerb({
  name: "secret.rewrap",
  kind: "mutation",
  gate: { by: "person", action: "operate", on: "secret" },
  input: rewrapInput,
  run: async (ctx): Promise<Rewrapped> => {
    const { orgId } = ctx.actor;
    const v = tables.secretVersions;
    const { kms } = ctx.seal;
    const authenticators = await rewrapFactors(ctx, orgId);
    return await withOrg(ctx.db, orgId, async (tx) => {
      const due = and(eq(v.orgId, orgId), isNull(v.endedAt), isNotNull(v.wrappedKey), ne(v.kmsKeyId, kms.keyId));
      const rows = await tx.select().from(v).where(due).for("update");
      for (const { secretId, version, wrappedKey } of rows) {
        if (wrappedKey === null) throw new CreelError("internal", "A secret's version has no key.");
        const wrapped = await rewrapKey(kms, wrappedKey, { orgId, secretId, version });
        await tx
          .update(v)
          .set(wrapped)
          .where(and(eq(v.orgId, orgId), eq(v.secretId, secretId), eq(v.version, version)));
      }
      const done: Rewrapped = {
        versions: rows.length,
        keys: await rewrapOrgKeys(tx, ctx, orgId),
        channels: await rewrapTargets(tx, ctx.seal, orgId),
        providers: await rewrapClientSecret(tx, ctx.seal, orgId),
        authenticators,
      };
      await recordAudit(tx, ctx, orgId, {
        action: "secret.rewrap",
        resource: { kind: "secret", id: null, label: `key ${kms.keyId}` },
        changes: Object.fromEntries(Object.entries(done).map(([name, to]) => [name, { to }])),
      });
      return done;
    });
  },
});
