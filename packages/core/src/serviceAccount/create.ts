import { newId, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { changesOf, describeActor, recordAudit } from "../audit/record.ts";
import { violatesUnique } from "../errors/database.ts";
import { CreelError } from "../errors/errors.ts";
import { MESSAGE_CHARS_MAX, slugSchema } from "../limits.ts";
import { defineVerb } from "../verb.ts";

export const createInput = z.strictObject({
  name: slugSchema,
  description: z.string().max(MESSAGE_CHARS_MAX).default(""),
});

/** Holds nothing until it is granted something. */
export const create = defineVerb({
  name: "serviceAccount.create",
  kind: "mutation",
  gate: { by: "person", action: "create", on: "service_account" },
  input: createInput,
  run: async (ctx, input): Promise<{ id: string; name: string }> => {
    const { orgId } = ctx.actor;
    const now = ctx.clock();
    const createdBy = describeActor(ctx.actor).label;
    const row = { orgId, id: newId(now), ...input, createdBy, createdAt: now, disabledAt: null };
    try {
      await withOrg(ctx.db, orgId, async (tx) => {
        await tx.insert(tables.serviceAccounts).values(row);
        await recordAudit(tx, ctx, orgId, {
          action: "serviceAccount.create",
          resource: { kind: "service_account", id: row.id, label: row.name },
          changes: changesOf("serviceAccounts", null, row),
        });
      });
    } catch (error) {
      if (violatesUnique(error, "service_accounts_name"))
        throw new CreelError(
          "conflict",
          `A service account called ${input.name} exists or existed. Choose another name.`,
        );
      throw error;
    }
    return { id: row.id, name: row.name };
  },
});
