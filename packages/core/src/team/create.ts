import { newId, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { changesOf, recordAudit } from "../audit/record.ts";
import { violatesUnique } from "../errors/database.ts";
import { CreelError } from "../errors/errors.ts";
import { slugSchema } from "../limits.ts";
import { defineVerb } from "../verb.ts";

export const createInput = z.strictObject({ name: slugSchema });

/** An empty team gives nobody anything: people are added, and grants given, by acts of their own. */
export const create = defineVerb({
  name: "team.create",
  kind: "mutation",
  gate: { by: "person", action: "create", on: "team" },
  input: createInput,
  run: async (ctx, { name }): Promise<{ id: string; name: string }> => {
    const { orgId } = ctx.actor;
    const now = ctx.clock();
    const row = { orgId, id: newId(now), name, createdAt: now, removedAt: null };
    try {
      await withOrg(ctx.db, orgId, async (tx) => {
        await tx.insert(tables.teams).values(row);
        await recordAudit(tx, ctx, orgId, {
          action: "team.create",
          resource: { kind: "team", id: row.id, label: name },
          changes: changesOf("teams", null, row),
        });
      });
    } catch (error) {
      if (violatesUnique(error, "teams_name"))
        throw new CreelError("conflict", `A team called ${name} exists already. Choose another name.`);
      throw error;
    }
    return { id: row.id, name };
  },
});
