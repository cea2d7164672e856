import { withOrg } from "@creel/db";
import { z } from "zod";
import { notFound } from "../errors/errors.ts";
import { defineVerb } from "../verb.ts";
import type { SecretDetail } from "../views.ts";
import { bindingViews, secretViews, userViews, versionViews } from "./view.ts";

export const getInput = z.strictObject({ secretId: z.uuid() });

/** Everything of a secret but what is in it. */
export const get = defineVerb({
  name: "secret.get",
  kind: "query",
  gate: { by: "person", action: "read", on: "secret" },
  input: getInput,
  run: async (ctx, { secretId }): Promise<SecretDetail> => {
    const { actor } = ctx;
    const { orgId } = actor;
    return await withOrg(ctx.db, orgId, async (tx) => {
      const [view] = await secretViews(tx, { orgId, secretId });
      if (view === undefined) throw notFound();
      return {
        ...view,
        versions: await versionViews(tx, { orgId, secretId, keyId: ctx.seal.kms.keyId }),
        bound: await bindingViews(tx, { actor, secretId }),
        users: await userViews(tx, { actor, secretId }),
      };
    });
  },
});
