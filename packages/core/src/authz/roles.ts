export const roles = ["owner", "security_admin", "operator", "approver", "auditor", "developer", "viewer"] as const;
export type Role = (typeof roles)[number];

export const actions = [
  "read",
  "create",
  "update",
  "delete",
  "operate",
  "export",
  /** Asks for a change that others approve. */
  "propose",
  "approve",
  "apply",
  "break_glass",
] as const;
export type Action = (typeof actions)[number];

const manage = ["read", "create", "update", "delete"] as const;

/** What can be done with each kind of thing. A pair that does not stand here is no permission, and nobody holds it. */
export const kindActions = {
  member: ["read", "update", "delete"],
  team: manage,
  role: manage,
  grant: ["read", "create", "delete", "propose"],
  invitation: ["read", "create", "delete"],
  service_account: manage,
  identity_provider: manage,
  token: manage,
  session: ["read", "delete"],
  enroll_secret: ["read", "create"],
  node: [...manage, "operate"],
  policy: [...manage, "propose"],
  sandbox: [...manage, "operate"],
  /** `operate` lets a sandbox out of it; putting one in is `operate` on the sandbox. */
  quarantine: ["read", "operate"],
  /** `operate` ends every sandbox of a node or of the org at once. */
  kill_switch: ["read", "operate"],
  plan: ["read", "operate"],
  decision: ["read", "export"],
  audit: ["read", "export"],
  approval_policy: [...manage, "propose"],
  change: ["read", "update", "delete", "export", "propose", "approve", "apply", "break_glass"],
  exception: [...manage, "propose", "approve"],
  /** `operate` lets a sandbox use one. Nobody reads what is in it. */
  secret: [...manage, "operate", "propose"],
  notice: manage,
} as const satisfies Record<string, readonly Action[]>;
export type ResourceKind = keyof typeof kindActions;
/** `Object.keys` of a literal answers exactly its keys. */
const keysOf = <K extends string>(record: Readonly<Record<K, unknown>>) => Object.keys(record) as K[];
export const resourceKinds: readonly ResourceKind[] = keysOf(kindActions);

/**
 * Kinds whose things carry labels, their own or their node's: a grant over a scope opens the gate of these, and the verb
 * asks `authorizeOn` about the thing. Everything else belongs to the whole org, and only a grant over the whole org counts.
 */
export const labelledKinds: ReadonlySet<ResourceKind> = new Set([
  "enroll_secret",
  "node",
  "policy",
  "sandbox",
  "quarantine",
  "kill_switch",
  "plan",
  "decision",
  "change",
  "exception",
]);

export type Permission = `${ResourceKind}:${Action}`;
export const permissionOf = (kind: ResourceKind, action: Action): Permission => `${kind}:${action}`;
export const permissions: readonly Permission[] = resourceKinds.flatMap((kind) =>
  kindActions[kind].map((action) => permissionOf(kind, action)),
);
/** Held by an auditor at most: what changes nothing. */
export const changesNothing = (permission: Permission): boolean => /:(read|export)$/.test(permission);

const read = ["read"] as const;
type Rights = { readonly [K in ResourceKind]?: readonly (typeof kindActions)[K][number][] };
/** Who sees a thing of one of these kinds may also see why it is so, so that a refusal says "not allowed" and not "nothing there". */
const sees = { quarantine: read, kill_switch: read, change: read, exception: read, approval_policy: read } as const;
const people = { member: read, team: read, role: read, grant: read } as const;
const fleet = { node: read, policy: read, sandbox: read, plan: read, decision: read } as const;

/** Who may do what. What is not named here is refused. The full product of it is a checked-in snapshot. */
export const roleGrants: Readonly<Record<Role, Rights>> = {
  owner: kindActions,
  security_admin: {
    member: ["read", "delete"],
    team: manage,
    role: read,
    grant: ["read", "create", "delete", "propose"],
    invitation: ["read", "create", "delete"],
    service_account: manage,
    identity_provider: read,
    token: read,
    enroll_secret: ["read", "create"],
    node: ["read", "delete"],
    policy: [...manage, "propose"],
    sandbox: [...manage, "operate"],
    quarantine: ["read", "operate"],
    kill_switch: ["read", "operate"],
    plan: read,
    decision: ["read", "export"],
    audit: ["read", "export"],
    approval_policy: [...manage, "propose"],
    change: ["read", "update", "delete", "export", "propose", "approve", "apply", "break_glass"],
    exception: [...manage, "propose", "approve"],
    secret: [...manage, "operate", "propose"],
    notice: manage,
  },
  operator: {
    ...people,
    service_account: read,
    enroll_secret: ["read", "create"],
    node: [...manage, "operate"],
    policy: ["read", "propose"],
    sandbox: [...manage, "operate"],
    quarantine: read,
    kill_switch: ["read", "operate"],
    plan: ["read", "operate"],
    decision: read,
    approval_policy: read,
    change: ["read", "update", "delete", "propose", "apply"],
    exception: ["read", "create", "propose", "delete"],
    secret: ["read", "operate"],
    notice: read,
  },
  approver: {
    ...people,
    ...fleet,
    ...sees,
    audit: read,
    change: ["read", "approve"],
    exception: ["read", "approve"],
    secret: read,
  },
  auditor: {
    ...people,
    ...fleet,
    ...sees,
    invitation: read,
    service_account: read,
    identity_provider: read,
    token: read,
    decision: ["read", "export"],
    audit: ["read", "export"],
    change: ["read", "export"],
    notice: read,
  },
  developer: {
    ...people,
    ...fleet,
    ...sees,
    policy: ["read", "propose"],
    sandbox: ["read", "create", "update", "operate"],
    change: ["read", "update", "delete", "propose"],
    exception: ["read", "propose"],
  },
  viewer: { ...fleet, ...sees, member: read, team: read },
};

export const isRole = (text: string): text is Role => roles.some((role) => role === text);
const listed = (rights: Rights): ReadonlySet<Permission> =>
  new Set(resourceKinds.flatMap((kind) => (rights[kind] ?? []).map((action) => permissionOf(kind, action))));
const ofRole = new Map<Role, ReadonlySet<Permission>>(roles.map((role) => [role, listed(roleGrants[role])]));
export const rolePermissions = (role: Role): ReadonlySet<Permission> => ofRole.get(role) ?? new Set();
export const roleMay = (role: Role, action: Action, kind: ResourceKind): boolean =>
  rolePermissions(role).has(permissionOf(kind, action));
