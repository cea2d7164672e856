export const roles = ["owner", "security_admin", "operator", "approver", "auditor", "developer", "viewer"] as const;
export type Role = (typeof roles)[number];

export const actions = ["read", "create", "update", "delete", "operate", "export"] as const;
export type Action = (typeof actions)[number];

export const resourceKinds = [
  "token",
  "session",
  "enroll_secret",
  "node",
  "policy",
  "sandbox",
  /** `operate` lets a sandbox out of it; putting one in is `operate` on the sandbox. */
  "quarantine",
  /** `operate` ends every sandbox of a node or of the org at once. */
  "kill_switch",
  "plan",
  "decision",
  "audit",
] as const;
export type ResourceKind = (typeof resourceKinds)[number];

const everything: readonly Action[] = actions;
const read: readonly Action[] = ["read"];
const manage: readonly Action[] = ["read", "create", "update", "delete"];
/** Who sees sandboxes sees that they are held; only then does a refusal say "not allowed" instead of "nothing there". */
const holds = { quarantine: read, kill_switch: read } as const;
type Grants = Partial<Record<ResourceKind, readonly Action[]>>;

/** Who may do what. What is not named here is refused. The full product of it is a checked-in snapshot. */
export const roleGrants: Readonly<Record<Role, Grants>> = {
  owner: Object.fromEntries(resourceKinds.map((kind) => [kind, everything])),
  security_admin: {
    token: read,
    enroll_secret: ["read", "create"],
    node: ["read", "delete"],
    policy: manage,
    sandbox: [...manage, "operate"],
    quarantine: ["read", "operate"],
    kill_switch: ["read", "operate"],
    plan: read,
    decision: ["read", "export"],
    audit: ["read", "export"],
  },
  operator: {
    enroll_secret: ["read", "create"],
    node: [...manage, "operate"],
    policy: read,
    sandbox: [...manage, "operate"],
    quarantine: read,
    kill_switch: ["read", "operate"],
    plan: ["read", "operate"],
    decision: read,
  },
  approver: { ...holds, node: read, policy: read, sandbox: read, plan: read, decision: read, audit: read },
  auditor: {
    ...holds,
    token: read,
    node: read,
    policy: read,
    sandbox: read,
    plan: read,
    decision: ["read", "export"],
    audit: ["read", "export"],
  },
  developer: {
    ...holds,
    node: read,
    policy: read,
    sandbox: ["read", "create", "update", "operate"],
    plan: read,
    decision: read,
  },
  viewer: { ...holds, node: read, policy: read, sandbox: read, plan: read, decision: read },
};
