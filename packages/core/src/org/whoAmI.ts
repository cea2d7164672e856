import { eq, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { mayAtAll } from "../authz/grant.ts";
import { kindActions, resourceKinds } from "../authz/roles.ts";
import { notFound } from "../errors/errors.ts";
import { isoOrNull } from "../stored.ts";
import { labelOfKey } from "../token/name.ts";
import { defineVerb } from "../verb.ts";
import type { WhoAmI } from "../views.ts";

export const whoAmIInput = z.strictObject({});

/** Who is asking, for which org, and what their grants let them do. Belonging to the org is all that is asked. */
export const whoAmI = defineVerb({
  name: "org.whoAmI",
  kind: "query",
  gate: { by: "member" },
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
      actor.kind === "user"
        ? { id: actor.userId, label: actor.email }
        : { id: actor.tokenId, label: labelOfKey(actor) };
    const grants = actor.grants.map(({ role, scope, via, expiresAt }) => ({
      role,
      scope,
      via,
      expiresAt: isoOrNull(expiresAt),
    }));
    const may = resourceKinds.flatMap((kind) => {
      const held = kindActions[kind].filter((action) => mayAtAll(actor.grants, action, kind));
      return held.length === 0 ? [] : [[kind, held] as const];
    });
    return { org, actor: { kind: actor.kind, ...who }, grants, may: Object.fromEntries(may) };
  },
});
