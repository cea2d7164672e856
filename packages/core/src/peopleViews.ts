import type { Scope } from "./authz/grant.ts";
import type { Permission, Role } from "./authz/roles.ts";
import type { HeldGrant } from "./views.ts";

/** What the verbs about people answer: plain JSON, instants as ISO 8601 strings in UTC. */

export interface MemberView {
  userId: string;
  email: string;
  name: string;
  joinedAt: string;
  disabled: boolean;
  /** In force now, their own and their teams'. */
  grants: HeldGrant[];
  teams: { id: string; name: string }[];
  /** When one of their sessions was last used; null when there is none. */
  lastSeenAt: string | null;
}
export interface TeamView {
  id: string;
  name: string;
  members: { userId: string; email: string }[];
  grants: HeldGrant[];
  createdAt: string;
}
export interface RoleView {
  /** A built-in role's name, or the id of one of the org's own. */
  id: string;
  name: string;
  builtIn: boolean;
  description: string;
  permissions: Permission[];
  /** Grants in force that name it. */
  grantCount: number;
}
export type SubjectKind = "user" | "team" | "service_account";
export interface GrantView {
  id: string;
  subject: { kind: SubjectKind; id: string; label: string };
  /** The role's name; `roleId` is what `grant.give` takes. */
  role: string;
  roleId: Role | string;
  scope: Scope | null;
  reason: string;
  grantedBy: string;
  createdAt: string;
  expiresAt: string | null;
  endedAt: string | null;
  endedBy: string | null;
}
export interface InvitationView {
  id: string;
  email: string;
  role: string | null;
  scope: Scope | null;
  team: string | null;
  invitedBy: string;
  createdAt: string;
  expiresAt: string;
  state: "open" | "used" | "revoked" | "expired";
}
/** What stands on an invitation's own page, for whoever holds the link. */
export interface InvitationPreview {
  orgName: string;
  email: string;
  expiresAt: string;
}
export interface ServiceAccountView {
  id: string;
  name: string;
  description: string;
  grants: HeldGrant[];
  /** Keys that still work. */
  keyCount: number;
  createdBy: string;
  createdAt: string;
  disabledAt: string | null;
}
export interface OrgMembership {
  id: string;
  slug: string;
  name: string;
  current: boolean;
}
/** The answer to "may X do Y on Z, and why". */
export interface AccessVerdict {
  allowed: boolean;
  /** One sentence for a person. */
  sentence: string;
  permission: Permission;
  /** Each grant of the subject and what it says to this. */
  grants: (HeldGrant & { grantId: string; says: "allows" | "lacks_permission" | "misses_scope" })[];
  /** Built-in roles that would allow it. */
  rolesThatWould: Role[];
}
