import { newId, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { changesOf, recordAudit } from "../audit/record.ts";
import { permissionsSchema } from "../authz/fields.ts";
import { isRole } from "../authz/roles.ts";
import { violatesUnique } from "../errors/database.ts";
import { CreelError } from "../errors/errors.ts";
import { MESSAGE_CHARS_MAX } from "../limits.ts";
import { defineVerb } from "../verb.ts";

/** Never that of a built-in role: a row that says "owner" means the owner. */
export const roleNameSchema = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,62}$/, "use 1 to 63 of a-z, 0-9, _ and -, beginning with a letter")
  .refine((name) => !isRole(name), "that is a built-in role; choose another name");

export const createInput = z.strictObject({
  name: roleNameSchema,
  description: z.string().max(MESSAGE_CHARS_MAX).default(""),
  permissions: permissionsSchema,
});

/** A role gives nobody anything until it is granted, and then only by somebody who holds all of it. */
export const create = defineVerb({
  name: "role.create",
  kind: "mutation",
  gate: { by: "person", action: "create", on: "role" },
  proof: true,
  input: createInput,
  run: async (ctx, input): Promise<{ id: string; name: string }> => {
    const { orgId } = ctx.actor;
    const now = ctx.clock();
    const row = { orgId, id: newId(now), ...input, createdAt: now, updatedAt: now, removedAt: null };
    try {
      await withOrg(ctx.db, orgId, async (tx) => {
        await tx.insert(tables.customRoles).values(row);
        await recordAudit(tx, ctx, orgId, {
          action: "role.create",
          resource: { kind: "role", id: row.id, label: row.name },
          changes: changesOf("customRoles", null, row),
        });
      });
    } catch (error) {
      if (violatesUnique(error, "custom_roles_name"))
        throw new CreelError("conflict", `A role called ${input.name} exists already. Choose another name.`);
      throw error;
    }
    return { id: row.id, name: row.name };
  },
});
