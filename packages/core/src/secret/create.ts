import { newId, notify, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { changesOf, describeActor, recordAudit } from "../audit/record.ts";
import { violatesUnique } from "../errors/database.ts";
import { CreelError, notFound } from "../errors/errors.ts";
import { defineVerb } from "../verb.ts";
import type { SecretView } from "../views.ts";
import { sealValue } from "./envelope.ts";
import { descriptionSchema, nameSchema, valueSchema } from "./limits.ts";
import { secretViews } from "./view.ts";

export const createInput = z.strictObject({
  name: nameSchema,
  value: valueSchema,
  description: descriptionSchema.default(""),
});

/** From here on nobody reads the value again but the gateways of nodes whose sandboxes may use it. */
export const create = defineVerb({
  name: "secret.create",
  kind: "mutation",
  gate: { by: "person", action: "create", on: "secret" },
  proof: true,
  input: createInput,
  run: async (ctx, { name, value, description }): Promise<SecretView> => {
    const { orgId } = ctx.actor;
    const now = ctx.clock();
    const id = newId(now);
    const createdBy = describeActor(ctx.actor).label;
    const row = { orgId, id, name, description, latestVersion: 1, createdBy, createdAt: now, updatedAt: now };
    const envelope = await sealValue(ctx.seal.kms, value, { orgId, secretId: id, version: 1 });
    try {
      return await withOrg(ctx.db, orgId, async (tx) => {
        await tx.insert(tables.secrets).values(row);
        await tx
          .insert(tables.secretVersions)
          .values({ orgId, secretId: id, version: 1, createdBy, createdAt: now, ...envelope });
        await recordAudit(tx, ctx, orgId, {
          action: "secret.create",
          resource: { kind: "secret", id, label: name },
          changes: changesOf("secrets", null, row),
        });
        await notify(tx, { orgId, topic: "secrets", id });
        const [view] = await secretViews(tx, { orgId, secretId: id });
        if (view === undefined) throw notFound();
        return view;
      });
    } catch (error) {
      if (violatesUnique(error, "secrets_name"))
        throw new CreelError(
          "conflict",
          `A secret called ${name} exists already. Rotate it to give it another value (creel secret rotate ${name}).`,
        );
      throw error;
    }
  },
});
