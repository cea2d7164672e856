import type { tables } from "@creel/db";

/** What an audit row says of a column: its values, nothing, or only that it changed. */
export type Tracking = "track" | "ignore" | "secret";

/** Every column of every audited table stands here; a new column does not compile until someone has decided. */
type Declared<T extends keyof typeof tables> = Record<keyof (typeof tables)[T]["$inferSelect"], Tracking>;

const keys = { orgId: "ignore", id: "ignore", createdAt: "ignore" } as const;

export const auditedColumns = {
  apiTokens: {
    ...keys,
    name: "track",
    role: "track",
    prefix: "track",
    tokenHash: "secret",
    createdBy: "ignore",
    lastUsedAt: "ignore",
    expiresAt: "track",
    revokedAt: "track",
  },
  enrollSecrets: {
    ...keys,
    secretHash: "secret",
    nodeName: "track",
    createdBy: "ignore",
    expiresAt: "track",
    usedAt: "track",
    nodeId: "track",
  },
  memberships: { orgId: "ignore", userId: "track", role: "track", createdAt: "ignore" },
  nodes: {
    orgId: "ignore",
    id: "ignore",
    name: "track",
    state: "track",
    connected: "track",
    lastSeenAt: "ignore",
    agentVersion: "track",
    capabilities: "ignore",
    model: "track",
    generation: "ignore",
    desiredGeneration: "ignore",
    publicKeyHash: "track",
    certificateExpiresAt: "track",
    enrolledAt: "ignore",
    revokedAt: "track",
  },
  orgKeys: { ...keys, kind: "track", certificatePem: "track", sealedKey: "secret", retiredAt: "track" },
  policies: { ...keys, name: "track", latestVersion: "track", updatedAt: "ignore" },
  policyVersions: {
    orgId: "ignore",
    policyId: "ignore",
    version: "track",
    digest: "track",
    // The text is kept with the version itself; the digest says which text it was.
    yaml: "ignore",
    message: "track",
    author: "ignore",
    createdAt: "ignore",
  },
  sandboxes: {
    ...keys,
    name: "track",
    nodeId: "track",
    policyId: "track",
    desiredState: "track",
    endBy: "track",
    releases: "ignore",
    hold: "track",
    incarnation: "track",
    agent: "track",
    restart: "track",
    limits: "track",
    status: "ignore",
    logEnd: "ignore",
    removedAt: "track",
  },
  sessions: {
    ...keys,
    userId: "track",
    tokenHash: "secret",
    userAgent: "track",
    source: "track",
    lastUsedAt: "ignore",
    expiresAt: "track",
    revokedAt: "track",
  },
  commands: {
    ...keys,
    nodeId: "track",
    sandboxId: "track",
    state: "ignore",
    request: "track",
    // What a command printed may be anything; the audit row says that it ran.
    result: "ignore",
    createdBy: "ignore",
    expiresAt: "ignore",
    finishedAt: "ignore",
  },
  plans: {
    ...keys,
    nodeId: "track",
    generation: "track",
    parent: "track",
    state: "track",
    cause: "track",
    reason: "track",
    digest: "track",
    content: "ignore",
    claimedBy: "ignore",
    claimedUntil: "ignore",
    sentAt: "ignore",
    finishedAt: "ignore",
  },
} as const satisfies { [T in keyof typeof tables]?: Declared<T> };
export type AuditedTable = keyof typeof auditedColumns;
