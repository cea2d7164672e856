import { and, eq, isNull, type Tx, tables } from "@creel/db";
import { z } from "zod";
import { notFound } from "../errors/errors.ts";
import { first } from "../stored.ts";
import { knownPermissions } from "./grantsOf.ts";
import { isRole, type Permission, rolePermissions, roles } from "./roles.ts";

/** A built-in role by its name, or one of the org's own by its id. */
export const roleKeySchema = z.union(
  [z.enum(roles), z.uuid()],
  `a role is one of ${roles.join(", ")}, or the id of your own`,
);

export interface NamedRole {
  name: string;
  role: string | null;
  customRoleId: string | null;
  permissions: ReadonlySet<Permission>;
}

export async function roleByKey(tx: Tx, { orgId, key }: { orgId: string; key: string }): Promise<NamedRole> {
  if (isRole(key)) return { name: key, role: key, customRoleId: null, permissions: rolePermissions(key) };
  const t = tables.customRoles;
  const row = first(
    await tx
      .select()
      .from(t)
      .where(and(eq(t.orgId, orgId), eq(t.id, key), isNull(t.removedAt))),
  );
  if (row === null) throw notFound();
  return { name: row.name, role: null, customRoleId: row.id, permissions: knownPermissions(row.permissions) };
}
