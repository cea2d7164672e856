import { eq, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { roleGrants } from "../authz/roles.ts";
import { notFound } from "../errors/errors.ts";
import { defineVerb } from "../verb.ts";
import type { WhoAmI } from "../views.ts";

export const whoAmIInput = z.strictObject({});

/** Who is asking, for which org, and what their role may do; every role may read nodes, so every person may ask. */
export const whoAmI = defineVerb({
  name: "org.whoAmI",
  kind: "query",
  gate: { by: "person", action: "read", on: "node" },
  input: whoAmIInput,
  run: async ({ actor, db }): Promise<WhoAmI> => {
    const [org] = await withOrg(db, actor.orgId, (tx) =>
      tx
        .select({ id: tables.orgs.id, slug: tables.orgs.slug, name: tables.orgs.name })
        .from(tables.orgs)
        .where(eq(tables.orgs.id, actor.orgId)),
    );
    if (org === undefined) throw notFound();
    const who =
      actor.kind === "user" ? { id: actor.userId, label: actor.email } : { id: actor.tokenId, label: actor.name };
    return { org, actor: { kind: actor.kind, role: actor.role, ...who }, may: roleGrants[actor.role] };
  },
});
