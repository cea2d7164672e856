import { and, asc, eq, gt, isNull, or, sql, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { knownPermissions } from "../authz/grantsOf.ts";
import { type Role, rolePermissions, roles } from "../authz/roles.ts";
import { PAGE_MAX } from "../limits.ts";
import type { RoleView } from "../peopleViews.ts";
import { defineVerb } from "../verb.ts";

export const listInput = z.strictObject({});

const described: Readonly<Record<Role, string>> = {
  owner: "Everything, the people and their rights included.",
  security_admin: "Policies, approvals, quarantine, secrets and teams; gives what it holds itself.",
  operator: "Nodes and sandboxes; proposes policies and does not save them.",
  approver: "Reads, and votes on changes and exceptions of others.",
  auditor: "Reads and exports. Changes nothing, by whichever way, and sees no secrets.",
  developer: "Makes and runs sandboxes; proposes changes.",
  viewer: "Reads the fleet.",
};

export const list = defineVerb({
  name: "role.list",
  kind: "query",
  gate: { by: "person", action: "read", on: "role" },
  input: listInput,
  run: async (ctx): Promise<{ items: RoleView[] }> => {
    const { orgId } = ctx.actor;
    const { customRoles: r, roleGrants: g } = tables;
    const now = ctx.clock();
    return await withOrg(ctx.db, orgId, async (tx) => {
      const counts = await tx
        .select({ role: g.role, customRoleId: g.customRoleId, count: sql<number>`count(*)::int` })
        .from(g)
        .where(and(eq(g.orgId, orgId), isNull(g.endedAt), or(isNull(g.expiresAt), gt(g.expiresAt, now))))
        .groupBy(g.role, g.customRoleId);
      const countOf = (key: string): number =>
        counts.find(({ role, customRoleId }) => role === key || customRoleId === key)?.count ?? 0;
      const own = await tx
        .select()
        .from(r)
        .where(and(eq(r.orgId, orgId), isNull(r.removedAt)))
        .orderBy(asc(r.name))
        .limit(PAGE_MAX);
      const builtIn = roles.map((role) => ({
        id: role,
        name: role,
        builtIn: true,
        description: described[role],
        permissions: [...rolePermissions(role)],
        grantCount: countOf(role),
      }));
      const custom = own.map((row) => ({
        id: row.id,
        name: row.name,
        builtIn: false,
        description: row.description,
        permissions: [...knownPermissions(row.permissions)],
        grantCount: countOf(row.id),
      }));
      return { items: [...builtIn, ...custom] };
    });
  },
});
