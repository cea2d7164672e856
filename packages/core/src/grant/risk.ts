import type { RiskGrade } from "@creel/approvals";
import { changesNothing, type Permission } from "../authz/roles.ts";

/** With one of these a person decides what others may do, or that nobody is asked. */
const RULES: ReadonlySet<Permission> = new Set<Permission>([
  "grant:create",
  "role:create",
  "role:update",
  "identity_provider:create",
  "identity_provider:update",
  "approval_policy:update",
  "change:break_glass",
]);
/** With one of these a person decides what agents reach, or approves what others have proposed. */
const DECIDES: ReadonlySet<Permission> = new Set<Permission>([
  "change:approve",
  "exception:create",
  "exception:approve",
  "invitation:create",
  "node:update",
  "policy:create",
  "policy:update",
  "secret:create",
  "secret:operate",
  "secret:update",
  "team:update",
  "token:create",
]);

/** How grave it is to give somebody these: by the gravest, and for however long. */
export function riskOfRole(permissions: ReadonlySet<Permission>): RiskGrade {
  const given = [...permissions];
  if (given.some((permission) => RULES.has(permission))) return "critical";
  if (given.some((permission) => DECIDES.has(permission))) return "high";
  return given.every(changesNothing) ? "low" : "medium";
}
