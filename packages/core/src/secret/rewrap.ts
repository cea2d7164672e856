import { and, eq, isNotNull, isNull, ne, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { recordAudit } from "../audit/record.ts";
import { rewrapOrgKeys } from "../certificates/nodeCa.ts";
import { CreelError } from "../errors/errors.ts";
import { defineVerb } from "../verb.ts";
import { rewrap as rewrapKey } from "./envelope.ts";

export const rewrapInput = z.strictObject({});

/**
 * Wraps what the org has sealed under the deployment's newest key, after which a former one may be taken out of the key file. Values
 * are not touched and nodes hear nothing. In one transaction: a key that is missing leaves everything as it was.
 */
export const rewrap = defineVerb({
  name: "secret.rewrap",
  kind: "mutation",
  gate: { by: "person", action: "operate", on: "secret" },
  input: rewrapInput,
  run: async (ctx): Promise<{ versions: number; keys: number }> => {
    const { orgId } = ctx.actor;
    const v = tables.secretVersions;
    const { kms } = ctx.seal;
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
      const keys = await rewrapOrgKeys(tx, ctx, orgId);
      await recordAudit(tx, ctx, orgId, {
        action: "secret.rewrap",
        resource: { kind: "secret", id: null, label: `key ${kms.keyId}` },
        changes: { versions: { to: rows.length }, keys: { to: keys } },
      });
      return { versions: rows.length, keys };
    });
  },
});
