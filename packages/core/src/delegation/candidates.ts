import { asc, eq, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { grantsOfMembers } from "../authz/grantsOfMembers.ts";
import { ELECTORATE_MAX } from "../change/limits.ts";
import type { PersonRef } from "../changeViews.ts";
import { personOf } from "../context.ts";
import { defineVerb } from "../verb.ts";
import { mayVoteAnywhere } from "./may.ts";

export const candidatesInput = z.strictObject({});

/** To whom the asking person could lend their votes. */
export const candidates = defineVerb({
  name: "delegation.candidates",
  kind: "query",
  gate: { by: "person", action: "approve", on: "change" },
  input: candidatesInput,
  run: async (ctx): Promise<{ items: PersonRef[] }> => {
    const { orgId } = ctx.actor;
    const { memberships: m, users: u } = tables;
    const me = personOf(ctx.actor);
    return await withOrg(ctx.db, orgId, async (tx) => {
      const members = await tx
        .select({ id: u.id, label: u.email })
        .from(m)
        .innerJoin(u, eq(u.id, m.userId))
        .where(eq(m.orgId, orgId))
        .orderBy(asc(u.email))
        .limit(ELECTORATE_MAX);
      const userIds = members.map(({ id }) => id);
      const grants = await grantsOfMembers(tx, { orgId, userIds, now: ctx.clock() });
      return { items: members.filter(({ id }) => id !== me && mayVoteAnywhere(grants.get(id) ?? [])) };
    });
  },
});
